import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  acceptLeaderless,
  forgetUnknownOffsets,
  lookForLeaders,
  type MetadataParser,
  type OffsetManagerClass,
  type ReadingClusterClass,
  type ReadingPoolClass,
  skipLeaderless,
  waitForLeaders,
} from '../../../../src/kafka/overlay/leaderless-partitions.ts'
import { silentLogger, stockModule } from '../../../support/stock-kafkajs.ts'

interface Response extends MetadataParser {
  decode(payload: Buffer): Promise<Parameters<MetadataParser['parse']>[0]>
}
interface Pool {
  metadataExpireAt: number | null
  metadata: { topicMetadata: { partitionMetadata: { partitionId: number; leader: number }[] }[] } | null
  refreshMetadata(topics: string[]): Promise<void>
}
interface Cluster {
  brokerPool: Pool & { withBroker: unknown; findBroker: unknown }
  targetTopics: Set<string>
  metadata(options: { topics: string[] }): Promise<unknown>
  refreshMetadata(): Promise<void>
  findBroker: unknown
  fetchTopicsOffset(topics: object[]): Promise<object[]>
}

const stockV6 = stockModule<Response>('protocol/requests/metadata/v6/response.js')
const ownV6: Response = { decode: stockV6.decode, parse: stockV6.parse }
const stockParse = acceptLeaderless(ownV6)

const StockPool = stockModule<new (options: object) => Pool>('cluster/brokerPool.js')
class OwnPool extends StockPool {}
lookForLeaders(OwnPool as unknown as ReadingPoolClass)
const StockCluster = stockModule<new (options: object) => Cluster>('cluster/index.js')
class OwnCluster extends StockCluster {}
skipLeaderless(OwnCluster as unknown as ReadingClusterClass)

const int16 = (value: number) => [(value >> 8) & 0xff, value & 0xff]
const int32 = (value: number) => [...int16(value >> 16), ...int16(value)]
const string = (text: string) => [...int16(text.length), ...Buffer.from(text)]
const brokers = [1, 2]

interface Partition {
  readonly code?: number
  readonly leader: number
}

/** A Metadata response of v6: two brokers, one topic `t`. */
function metadataBytes(partitions: readonly Partition[], topicCode = 0): Buffer {
  return Buffer.from([
    ...int32(0),
    ...[
      ...int32(brokers.length),
      ...brokers.flatMap((id) => [...int32(id), ...string('host'), ...int32(id), 0xff, 0xff]),
    ],
    ...[...string('cluster'), ...int32(1)],
    ...[...int32(1), ...int16(topicCode), ...string('t'), 0, ...int32(partitions.length)],
    ...partitions.flatMap(({ code = 0, leader }, id) => [
      ...[...int16(code), ...int32(id), ...int32(leader)],
      ...[...int32(1), ...int32(2), ...int32(0), ...int32(0)],
    ]),
  ])
}

const led = { leader: 1 }
const codes = { leaderNotAvailable: 5, replicaNotAvailable: 9, listenerNotFound: 72 }
const away = { code: codes.leaderNotAvailable, leader: -1 }

/** A pool whose one broker answers these, the last one again and again. */
function createPool(PoolClass: typeof StockPool, response: Response, ...answers: Buffer[]) {
  const logger = { ...silentLogger, namespace: () => logger }
  const connectTo = (port: number) => ({ host: 'host', port, rack: null, destroy: async () => {} })
  const connectionPoolBuilder = { build: async ({ port }: { port: number }) => connectTo(port) }
  const pool = new PoolClass({
    connectionPoolBuilder,
    logger,
    retry: { retries: 2, initialRetryTime: 1 },
    metadataMaxAge: 300_000,
  })
  const metadata = vi.fn(async (_topics: readonly string[]) => {
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    return response.parse(await response.decode(answer as Buffer))
  })
  const broker = {
    metadata,
    isConnected: () => true,
    disconnect: async () => {},
    connectionPool: connectTo(1),
  }
  Object.assign(pool, { seedBroker: broker, brokers: { 1: broker }, createBroker: () => broker })
  return { pool, metadata, broker }
}

afterEach(() => vi.restoreAllMocks())

describe('U: metadata with a partition that has no leader', () => {
  it.each(Object.entries(codes))('are refused by stock kafkajs as a whole, and read by ours: %s', async (_, code) => {
    const bytes = metadataBytes([led, { code, leader: -1 }])
    const stock = createPool(StockPool, stockV6, bytes)
    await expect(stock.pool.refreshMetadata(['t'])).rejects.toThrow()
    const own = createPool(OwnPool as unknown as typeof StockPool, ownV6, bytes)
    await own.pool.refreshMetadata(['t'])
    expect(own.pool.metadata?.topicMetadata[0]?.partitionMetadata).toMatchObject([
      { partitionId: 0, leader: 1 },
      { partitionId: 1, leader: -1 },
    ])
  })

  it('still refuse a topic that is refused as a whole', async () => {
    const { pool } = createPool(OwnPool as unknown as typeof StockPool, ownV6, metadataBytes([], 3))
    await expect(pool.refreshMetadata(['t'])).rejects.toMatchObject({ type: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  it('are read anew within a second, until every partition has a leader', async () => {
    const answers = [metadataBytes([led, away]), metadataBytes([led, led])]
    const { pool } = createPool(OwnPool as unknown as typeof StockPool, ownV6, ...answers)
    await pool.refreshMetadata(['t'])
    expect(Number(pool.metadataExpireAt) - Date.now()).toBeLessThanOrEqual(1_000)
    await pool.refreshMetadata(['t'])
    expect(Number(pool.metadataExpireAt) - Date.now()).toBeGreaterThan(200_000)
  })

  it('make whoever waits for leaders wait on', async () => {
    const { broker } = createPool(OwnPool as unknown as typeof StockPool, ownV6, metadataBytes([led, away]))
    const prototype = { metadata: (topics: readonly string[] = []) => broker.metadata(topics) }
    waitForLeaders({ prototype }, stockParse)
    await expect(prototype.metadata(['t'])).rejects.toMatchObject({ type: 'LEADER_NOT_AVAILABLE' })
  })
})

/** One that knows these partitions and whose brokers tell that every log ends at 7. */
async function createCluster(ClusterClass: typeof StockCluster, partitions: readonly Partition[]) {
  const logger = { ...silentLogger, namespace: () => logger }
  const cluster = new ClusterClass({ logger, brokers: ['host:1'], retry: { retries: 1, initialRetryTime: 1 } })
  const { pool, metadata, broker } = createPool(
    OwnPool as unknown as typeof StockPool,
    ownV6,
    metadataBytes(partitions),
  )
  const listOffsets = vi.fn(
    async ({ topics }: { topics: { topic: string; partitions: { partition: number }[] }[] }) => ({
      responses: topics.map(({ topic, partitions: asked }) => ({
        topic,
        partitions: asked.map(({ partition }) => ({ partition, offset: '7' })),
      })),
    }),
  )
  Object.assign(broker, { listOffsets, isConnected: () => true })
  Object.assign(cluster, { brokerPool: pool, targetTopics: new Set(['t']) })
  await cluster.refreshMetadata()
  return { cluster, pool, metadata, listOffsets }
}

const question = [{ topic: 't', fromBeginning: false, partitions: [{ partition: 0 }, { partition: 1 }] }]

describe('U: the ends of logs of which one has no leader', () => {
  it('fail for all with stock kafkajs', async () => {
    const { cluster } = await createCluster(StockCluster, [led, away])
    await expect(cluster.fetchTopicsOffset(question)).rejects.toThrow('Broker -1 not found')
  })

  it('are told for the others, and as unknown for this one', async () => {
    const { cluster } = await createCluster(OwnCluster as unknown as typeof StockCluster, [led, away])
    expect(await cluster.fetchTopicsOffset(question)).toEqual([
      {
        topic: 't',
        partitions: [
          { partition: 0, offset: '7' },
          { partition: 1, offset: '-1' },
        ],
      },
    ])
  })

  it('are asked of nobody where no log has a leader', async () => {
    const { cluster, listOffsets } = await createCluster(OwnCluster as unknown as typeof StockCluster, [away, away])
    expect(await cluster.fetchTopicsOffset(question)).toMatchObject([
      { partitions: [{ offset: '-1' }, { offset: '-1' }] },
    ])
    expect(listOffsets).not.toHaveBeenCalled()
  })

  it('are asked of new leaders after a failure', async () => {
    const { cluster, pool, listOffsets } = await createCluster(OwnCluster as unknown as typeof StockCluster, [led, led])
    listOffsets.mockRejectedValueOnce(Object.assign(new Error('moved'), { type: 'NOT_LEADER_FOR_PARTITION' }))
    await expect(cluster.fetchTopicsOffset(question)).rejects.toThrow('moved')
    expect(pool.metadataExpireAt).toBeNull()
  })
})

it('U: a partition whose offset nobody can tell is not read from offset 0', async () => {
  interface Manager {
    topics: string[]
    resolveOffsets(): Promise<void>
    committedOffsets(): Record<string, Record<number, string>>
  }
  const StockManager = stockModule<new (options: object) => Manager>('consumer/offsetManager/index.js')
  class OwnManager extends StockManager {}
  forgetUnknownOffsets(OwnManager as unknown as OffsetManagerClass)
  const offsets = ['-1', '4']
  const create = (Manager: typeof StockManager) =>
    new Manager({
      cluster: {
        committedOffsets: () => ({}),
        fetchTopicsOffset: async () => [{ topic: 't', partitions: [{ partition: 0, offset: offsets[0] }] }],
      },
      coordinator: {
        isConnected: () => true,
        offsetFetch: async () => ({
          responses: [
            {
              topic: 't',
              partitions: [
                { partition: 0, offset: '-1' },
                { partition: 1, offset: '4' },
              ],
            },
          ],
        }),
      },
      memberAssignment: { t: [0, 1] },
      topicConfigurations: {},
    })
  const [stock, own] = [create(StockManager), create(OwnManager as unknown as typeof StockManager)]
  await stock.resolveOffsets()
  await own.resolveOffsets()
  expect(stock.committedOffsets().t).toEqual({ 0: '-1', 1: '4' })
  expect(own.committedOffsets().t).toEqual({ 1: '4' })
  offsets[0] = '9'
  await own.resolveOffsets()
  expect(own.committedOffsets().t).toEqual({ 0: '9', 1: '4' })
})
