import { beforeEach, describe, expect, it, vi } from 'vitest'
import {
  addBatchTopicIds,
  type BatchingGroupClass,
  labelBatches,
} from '../../../../src/kafka/overlay/batch-topic-ids.ts'
import type { ProtocolRequest } from '../../../../src/kafka/overlay/internals.ts'
import {
  addTopicIds,
  type MetadataBrokerClass,
  type MetadataInternals,
  readingTopicIds,
} from '../../../../src/kafka/overlay/topic-ids.ts'
import { encoded } from '../../../support/encoded-request.ts'
import { protocol, stockModule } from '../../../support/stock-kafkajs.ts'

const metadataKey = protocol.apiKeys.Metadata
const internals: MetadataInternals = {
  Encoder: stockModule('protocol/encoder.js'),
  Decoder: stockModule('protocol/decoder.js'),
  metadataKey,
  parse: stockModule<Pick<MetadataInternals, 'parse'>>('protocol/requests/metadata/v6/response.js').parse,
}
const stockMetadata = vi.fn(async () => 'stock')
const send = vi.fn<(request: ProtocolRequest) => Promise<unknown>>()
const id = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
const name = 'ABEiM0RVZneImaq7zN3u_w'

function createBroker(maxVersion: number): MetadataBrokerClass['prototype'] {
  const prototype = { metadata: stockMetadata } as unknown as MetadataBrokerClass['prototype']
  addTopicIds({ prototype }, internals)
  return Object.assign(Object.create(prototype), {
    versions: { [metadataKey]: { maxVersion } },
    connectionPool: { send },
  })
}

const int16 = (value: number) => [(value >> 8) & 0xff, value & 0xff]
const int32 = (value: number) => [...int16(value >> 16), ...int16(value)]
const short = (text: string) => [text.length + 1, ...Buffer.from(text)]

/** A response of v10: one broker, one topic `t` with one partition. */
function answer({ code = 0, topicId = id } = {}): void {
  const payload = Buffer.from([
    ...[0, ...int32(0)],
    ...[2, ...int32(1), ...short('host'), ...int32(9092), 0, 0],
    ...[...short('cluster'), ...int32(1)],
    ...[2, ...int16(code), ...short('t'), ...topicId, 0],
    ...[2, ...int16(0), ...int32(3), ...int32(1), ...int32(5), 2, ...int32(1), 2, ...int32(1), 1, 0],
    ...[...int32(0), 0, ...int32(0), 0],
  ])
  send.mockImplementationOnce(async (own) => own.response.parse(await own.response.decode(payload)))
}

beforeEach(() => vi.resetAllMocks())

describe('addTopicIds', () => {
  it('leaves ordinary reads, and brokers that know no ids, to kafkajs', async () => {
    await createBroker(12).metadata(['t'])
    expect(await readingTopicIds(() => createBroker(9).metadata(['t']))).toEqual(new Map())
    expect(stockMetadata).toHaveBeenCalledTimes(2)
    expect(send).not.toHaveBeenCalled()
  })

  it('asks by name, creates nothing, and answers in the shape of kafkajs', async () => {
    answer()
    const shape = vi.fn()
    const ids = await readingTopicIds(async () => shape(await createBroker(12).metadata(['t'])))
    expect([...ids]).toEqual([['t', name]])
    const { apiVersion, bytes } = await encoded(send.mock.lastCall?.[0])
    expect(apiVersion).toBe(10)
    expect([...bytes]).toEqual([0, 2, ...Buffer.alloc(16), ...short('t'), 0, 0, 0, 0, 0])
    expect(shape.mock.lastCall?.[0]).toMatchObject({
      brokers: [{ nodeId: 1, host: 'host', port: 9092, rack: null }],
      clusterId: 'cluster',
      controllerId: 1,
      topicMetadata: [{ topic: 't', partitionMetadata: [{ partitionId: 3, leader: 1, replicas: [1], isr: [1] }] }],
    })
  })

  it('passes on what the broker refuses', async () => {
    answer({ code: 3 })
    await expect(readingTopicIds(() => createBroker(12).metadata(['t']))).rejects.toMatchObject({
      type: 'UNKNOWN_TOPIC_OR_PARTITION',
    })
  })

  it('knows no id where the broker gives none', async () => {
    answer({ topicId: Buffer.alloc(16) })
    expect(await readingTopicIds(() => createBroker(12).metadata(['t']))).toEqual(new Map())
  })
})

describe('addBatchTopicIds', () => {
  const filled = { topic: 't', rawMessages: ['record'] }
  const recoverFromFetch = vi.fn(async () => {})

  function createGroup(batches: object[]) {
    const prototype = { fetch: async () => batches } as unknown as BatchingGroupClass['prototype']
    addBatchTopicIds({ prototype }, internals)
    const cluster = { findBroker: async () => createBroker(12) }
    return Object.assign(Object.create(prototype) as typeof prototype, { cluster, recoverFromFetch })
  }

  it('asks the broker that answered, for the consumers that want to know', async () => {
    const group = createGroup([{ ...filled }])
    expect(await group.fetch(1)).toEqual([filled])
    labelBatches(group.cluster)
    answer()
    expect(await group.fetch(1)).toEqual([{ ...filled, topicId: name }])
    expect(send).toHaveBeenCalledTimes(1)
  })

  it('asks nothing while nothing comes', async () => {
    const group = createGroup([{ topic: 't', rawMessages: [] }])
    labelBatches(group.cluster)
    await group.fetch(1)
    expect(send).not.toHaveBeenCalled()
  })

  it('hands nothing over that it cannot label', async () => {
    const group = createGroup([{ ...filled }])
    labelBatches(group.cluster)
    const failure = new Error('connection closed')
    send.mockRejectedValueOnce(failure)
    expect(await group.fetch(1)).toEqual([])
    expect(recoverFromFetch).toHaveBeenCalledWith(failure)
  })
})
