import { beforeEach, describe, expect, it, vi } from 'vitest'
import { kafkaErrors } from '../../../../src/kafka/kafka-errors.ts'
import { type JoiningGroupClass, rejoinBeforeFetching } from '../../../../src/kafka/overlay/rejoining.ts'
import { createErrorFromCode, errors, silentLogger, stockModule } from '../../../support/stock-kafkajs.ts'

interface Runner {
  start(): Promise<void>
  stop(): Promise<void>
}
type Group = JoiningGroupClass['prototype'] & { memberId: string | null; lastRequest: number }
type ErrorName = 'KafkaJSConnectionClosedError' | 'KafkaJSNumberOfRetriesExceeded' | 'KafkaJSSASLAuthenticationError'
type KafkaJsErrors = Record<ErrorName, new (...parts: unknown[]) => Error>

const StockGroup = stockModule<new (options: object) => Group>('consumer/consumerGroup.js')
const Runner = stockModule<new (options: object) => Runner>('consumer/runner.js')
const { KafkaJSConnectionClosedError, KafkaJSNumberOfRetriesExceeded, KafkaJSSASLAuthenticationError } =
  stockModule<KafkaJsErrors>('errors.js')

const { MemberAssignment } = stockModule<{ MemberAssignment: { encode(assignment: object): Buffer } }>(
  'consumer/assignerProtocol.js',
)
const noPartitions = MemberAssignment.encode({ version: 1, assignment: {}, userData: Buffer.alloc(0) })

const codes = {
  unknownTopic: 3,
  loading: 14,
  notAvailable: 15,
  notCoordinator: 16,
  unknownMember: 25,
  rebalancing: 27,
  fenced: 82,
}
const refused = (code: number) => createErrorFromCode(code)
const closed = () => new KafkaJSConnectionClosedError('gone', { host: 'h', port: 1 })

/** What the coordinator answers, one after the other; undefined, and whatever comes later, is success. */
interface Script {
  heartbeat?: (Error | undefined)[]
  join?: (Error | undefined)[]
  sync?: (Error | undefined)[]
  /** What each fetch fails with until it is undefined. */
  fetch?: Error | undefined
  /** Whether every broker leaves the pool after the first join; the next that succeeds brings it back. */
  isPoolEmpty?: boolean
}

const stops: (() => Promise<void>)[] = []

function run(GroupClass: typeof StockGroup, script: Script) {
  const counts = { find: 0, join: 0, sync: 0, heartbeat: 0, beatsAfterLastJoin: 0, fetch: 0 }
  const fetchesAtSync: number[] = []
  function next(answers: (Error | undefined)[] | undefined): void {
    const error = answers?.shift()
    if (error) throw error
  }
  const coordinator = {
    async joinGroup() {
      counts.join += 1
      next(counts.join > 1 ? script.join : undefined)
      counts.beatsAfterLastJoin = 0
      return {
        generationId: counts.join,
        leaderId: 'other',
        memberId: `m${counts.join}`,
        members: [],
        groupProtocol: 'p',
      }
    },
    async syncGroup() {
      counts.sync += 1
      fetchesAtSync.push(counts.fetch)
      next(counts.sync > 1 ? script.sync : undefined)
      return { memberAssignment: noPartitions }
    },
    async heartbeat() {
      counts.heartbeat += 1
      next(script.heartbeat)
      counts.beatsAfterLastJoin += 1
    },
    leaveGroup: async () => {},
  }
  const cluster = {
    connect: async () => {},
    committedOffsets: () => ({}),
    refreshMetadata: async () => {},
    async refreshMetadataIfNecessary() {
      // As an answer of a broker would, it lets everything else have its turn.
      await new Promise(setImmediate)
      if (script.fetch !== undefined && counts.join > 0) throw script.fetch
    },
    findTopicPartitionMetadata: () => [],
    getNodeIds: () => (script.isPoolEmpty && counts.sync === 1 ? [] : ['1']),
    async findGroupCoordinator() {
      counts.find += 1
      return coordinator
    },
  }
  const retry = { initialRetryTime: 1, maxRetryTime: 5, retries: 20 }
  const emitter = { emit: () => {} }
  const logger = { ...silentLogger, namespace: () => logger }
  const group = new GroupClass({
    logger,
    retry,
    cluster,
    groupId: 'g',
    topics: [],
    topicConfigurations: {},
    instrumentationEmitter: emitter,
    assigners: [],
    maxWaitTimeInMs: 1,
  })
  const fetch = group.fetch
  group.fetch = async function counted(this: Group, nodeId: number) {
    const batches = await fetch.call(this, nodeId)
    counts.fetch += 1
    return batches
  }
  const onCrash = vi.fn<(error: Error) => void>()
  const runner = new Runner({
    logger,
    consumerGroup: group,
    instrumentationEmitter: emitter,
    heartbeatInterval: 0,
    concurrency: 1,
    eachBatch: async () => {},
    retry,
    onCrash,
  })
  stops.push(() => runner.stop())
  void runner.start()
  return { counts, fetchesAtSync, group, onCrash }
}

class Patched extends (StockGroup as unknown as new (options: object) => Group) {}
rejoinBeforeFetching(Patched as unknown as JoiningGroupClass, errors)

describe('rejoinBeforeFetching', () => {
  beforeEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()))
  })

  it('beats again after a join that failed, where stock kafkajs fetches on without a heartbeat for good', async () => {
    const script = () => ({ heartbeat: [undefined, refused(codes.unknownMember)], join: [refused(codes.loading)] })
    const stock = run(StockGroup, script())
    await vi.waitFor(() => expect(stock.counts.join).toBe(2))
    const { heartbeat, fetch } = stock.counts
    await vi.waitFor(() => expect(stock.counts.fetch).toBeGreaterThan(fetch + 20))
    expect(stock.counts).toMatchObject({ heartbeat, join: 2 })
    expect(stock.group.memberId).toBeNull()

    const own = run(Patched as unknown as typeof StockGroup, script())
    await vi.waitFor(() => expect(own.counts).toMatchObject({ join: 3 }))
    await vi.waitFor(() => expect(own.counts.beatsAfterLastJoin).toBeGreaterThan(5))
    expect(own.onCrash).not.toHaveBeenCalled()
  })

  it.each<[string, Script]>([
    ['JoinGroup with 15', { heartbeat: [refused(codes.unknownMember)], join: [refused(codes.notAvailable)] }],
    ['JoinGroup with 16', { heartbeat: [refused(codes.unknownMember)], join: [refused(codes.notCoordinator)] }],
    ['JoinGroup with 27', { heartbeat: [refused(codes.unknownMember)], join: [refused(codes.rebalancing)] }],
    ['JoinGroup with 25', { heartbeat: [refused(codes.unknownMember)], join: [refused(codes.unknownMember)] }],
    ['JoinGroup by closing', { heartbeat: [refused(codes.unknownMember)], join: [closed()] }],
    [
      'JoinGroup by closing thrice',
      { heartbeat: [refused(codes.unknownMember)], join: [closed(), closed(), closed()] },
    ],
    ['SyncGroup with 14', { heartbeat: [refused(codes.rebalancing)], sync: [refused(codes.loading)] }],
    ['SyncGroup with 27', { heartbeat: [refused(codes.rebalancing)], sync: [refused(codes.rebalancing)] }],
    ['SyncGroup by closing', { heartbeat: [refused(codes.rebalancing)], sync: [closed()] }],
    ['Heartbeat with 15', { heartbeat: [refused(codes.notAvailable)] }],
    ['Heartbeat with 16', { heartbeat: [refused(codes.notCoordinator)] }],
    ['Heartbeat by closing', { heartbeat: [closed()] }],
    [
      'JoinGroup after all retries of kafkajs',
      {
        heartbeat: [refused(codes.rebalancing)],
        join: [new KafkaJSNumberOfRetriesExceeded(closed(), { retryCount: 3, retryTime: 1 })],
      },
    ],
  ])('finds the coordinator, joins and beats again when it answers %s', async (_, script) => {
    const { counts, onCrash } = run(Patched as unknown as typeof StockGroup, script)
    await vi.waitFor(() => expect(counts.find).toBeGreaterThan(1))
    await vi.waitFor(() => expect(counts.beatsAfterLastJoin).toBeGreaterThan(5))
    expect(onCrash).not.toHaveBeenCalled()
    const rests = [script.heartbeat, script.join, script.sync].map((answers) => answers?.length ?? 0)
    expect(rests).toEqual([0, 0, 0])
  })

  it('joins again when the only broker is gone, where stock kafkajs ends the consumer', async () => {
    const stock = run(StockGroup, { isPoolEmpty: true })
    await vi.waitFor(() => expect(stock.onCrash).toHaveBeenCalledOnce())
    expect(stock.onCrash.mock.lastCall?.[0].name).toBe('KafkaJSNoBrokerAvailableError')

    const own = run(Patched as unknown as typeof StockGroup, {
      isPoolEmpty: true,
      join: [closed(), closed(), closed()],
    })
    await vi.waitFor(() => expect(own.counts.beatsAfterLastJoin).toBeGreaterThan(5))
    expect(own.counts.join).toBe(5)
    expect(own.onCrash).not.toHaveBeenCalled()
  })

  it('fetches nothing between a failed SyncGroup and the next join', async () => {
    const sync = Array.from({ length: 3 }, () => refused(codes.loading))
    const script = { heartbeat: [undefined, refused(codes.rebalancing)], sync }
    const { counts, fetchesAtSync } = run(Patched as unknown as typeof StockGroup, script)
    await vi.waitFor(() => expect(counts.sync).toBe(5))
    expect(new Set(fetchesAtSync.slice(1)).size).toBe(1)
    await vi.waitFor(() => expect(counts.fetch).toBeGreaterThan(fetchesAtSync.at(-1) ?? 0))
  })

  it.each([
    ['another member with its instance id', 'instance-duplicate', () => refused(codes.fenced)],
    ['refused credentials', 'authentication', () => new KafkaJSSASLAuthenticationError('no')],
  ])('ends with %s, which time does not mend', async (_, fault, error) => {
    const { onCrash } = run(Patched as unknown as typeof StockGroup, {
      heartbeat: [refused(codes.unknownMember)],
      join: [error()],
    })
    await vi.waitFor(() => expect(onCrash).toHaveBeenCalledOnce())
    expect(kafkaErrors.classify(onCrash.mock.lastCall?.[0]).fault).toBe(fault)
  })

  it('rests between its joins while metadata are stale, where stock kafkajs joins without a pause', async () => {
    const stock = run(StockGroup, { fetch: refused(codes.unknownTopic) })
    await vi.waitFor(() => expect(stock.counts.join).toBeGreaterThan(100))
    await Promise.all(stops.splice(0).map((stop) => stop()))

    const script: Script = { fetch: refused(codes.unknownTopic) }
    const own = run(Patched as unknown as typeof StockGroup, script)
    const begin = performance.now()
    await vi.waitFor(() => expect(own.counts.join).toBe(6), { timeout: 20_000 })
    // The first at once, then after 100, 200, 400 and 800 ms; timers may be early by a millisecond each.
    expect(performance.now() - begin).toBeGreaterThan(1_490)
    script.fetch = undefined
    await vi.waitFor(() => expect(own.counts.fetch).toBeGreaterThan(20))
    expect(own.onCrash).not.toHaveBeenCalled()
  })

  it('ends when the cluster is away for longer than the retries last', async () => {
    const join = Array.from({ length: 100 }, closed)
    const { onCrash } = run(Patched as unknown as typeof StockGroup, {
      heartbeat: [refused(codes.unknownMember)],
      join,
    })
    await vi.waitFor(() => expect(onCrash).toHaveBeenCalledOnce())
  })
})
