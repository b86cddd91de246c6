import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { ProtocolRequest } from '../../../../src/kafka/overlay/internals.ts'
import {
  addStableOffsets,
  type BrokerClass,
  readingStableOffsets,
  stableOffsetFetch,
} from '../../../../src/kafka/overlay/stable-offsets.ts'
import clientBytes from '../../../support/client-bytes.json' with { type: 'json' }
import { encoded } from '../../../support/encoded-request.ts'
import { internals, protocol } from '../../../support/stock-kafkajs.ts'

const offsetFetchKey = protocol.apiKeys.OffsetFetch
const unstable = 88
const { java } = clientBytes

const stockOffsetFetch = vi.fn(async () => 'stock')
const send = vi.fn<(request: ProtocolRequest) => Promise<unknown>>()

function createBroker(maxVersion: number): BrokerClass['prototype'] {
  const prototype = { offsetFetch: stockOffsetFetch } as unknown as BrokerClass['prototype']
  addStableOffsets({ prototype }, internals)
  return Object.assign(Object.create(prototype), {
    versions: { [offsetFetchKey]: { maxVersion } },
    connectionPool: { send },
  })
}

const request = {
  groupId: 'group',
  topics: [{ topic: 't', partitions: [0, 1, 2].map((partition) => ({ partition })) }],
}

/** A response of v7: one topic, one partition. */
function response({ partition = 1, offset = 7n, code = 0 }): Buffer {
  const bytes = Buffer.alloc(40)
  let at = 0
  at = bytes.writeUInt8(0, at) // header: no tagged fields
  at = bytes.writeInt32BE(0, at) // throttle time
  at = bytes.writeUInt8(2, at) // one topic
  at = bytes.writeUInt8(2, at) // a name of one byte
  at += bytes.write('t', at)
  at = bytes.writeUInt8(2, at) // one partition
  at = bytes.writeInt32BE(partition, at)
  at = bytes.writeBigInt64BE(offset, at)
  at = bytes.writeInt32BE(-1, at) // leader epoch
  at = bytes.writeUInt8(0, at) // no metadata
  at = bytes.writeInt16BE(code, at)
  at = bytes.writeUInt8(0, at)
  at = bytes.writeUInt8(0, at)
  at = bytes.writeInt16BE(0, at)
  return bytes.subarray(0, bytes.writeUInt8(0, at))
}

function answering(...payloads: Buffer[]): void {
  for (const payload of payloads) {
    send.mockImplementationOnce(async (own) => own.response.parse(await own.response.decode(payload)))
  }
}

describe('addStableOffsets', () => {
  beforeEach(() => vi.resetAllMocks())

  it('leaves ordinary reads to kafkajs', async () => {
    await createBroker(9).offsetFetch(request)
    expect(stockOffsetFetch).toHaveBeenCalledWith(request)
  })

  it('leaves brokers that cannot do it to kafkajs', async () => {
    await readingStableOffsets({ topic: 't', partitions: [1] }, () => createBroker(6).offsetFetch(request))
    expect(stockOffsetFetch).toHaveBeenCalledWith(request)
  })

  it('asks for the wanted partitions only, and for stable offsets', async () => {
    answering(response({}))
    await readingStableOffsets({ topic: 't', partitions: [1] }, () => createBroker(9).offsetFetch(request))
    const { apiVersion, bytes } = await encoded(send.mock.lastCall?.[0])
    expect(apiVersion).toBe(7)
    const expected = [0, 6, ...Buffer.from('group'), 2, 2, ...Buffer.from('t'), 2, 0, 0, 0, 1, 0, 1, 0]
    expect([...bytes]).toEqual(expected)
  })

  it('reads the answer in the shape of kafkajs', async () => {
    answering(response({ partition: 1, offset: 9_007_199_254_740_993n }))
    const read = readingStableOffsets({ topic: 't', partitions: [1] }, () => createBroker(9).offsetFetch(request))
    await expect(read).resolves.toMatchObject({
      responses: [{ topic: 't', partitions: [{ partition: 1, offset: '9007199254740993', metadata: null }] }],
    })
  })

  it('asks again while a transaction is being decided', async () => {
    answering(response({ code: unstable }), response({ code: unstable }), response({ offset: 8n }))
    const read = readingStableOffsets({ topic: 't', partitions: [1] }, () => createBroker(9).offsetFetch(request))
    await expect(read).resolves.toMatchObject({ responses: [{ partitions: [{ offset: '8' }] }] })
    expect(send).toHaveBeenCalledTimes(3)
  })

  it('passes on any other refusal', async () => {
    answering(response({ code: 16 }))
    const read = readingStableOffsets({ topic: 't', partitions: [1] }, () => createBroker(9).offsetFetch(request))
    await expect(read).rejects.toMatchObject({ type: 'NOT_COORDINATOR_FOR_GROUP' })
  })

  it('has the bytes of the Java client', async () => {
    const topics = [
      { topic: 'texts', partitions: [0, 1, 200].map((partition) => ({ partition })) },
      { topic: 'others', partitions: [{ partition: 3 }] },
    ]
    const { bytes } = await encoded(stableOffsetFetch({ groupId: 'group', topics }, internals))
    expect(bytes.toString('hex')).toBe(`00${java['OffsetFetch request']}`)
  })

  it('takes unstable offsets for an answer where the reader wants to know', async () => {
    const { response: own } = stableOffsetFetch({ groupId: 'group', topics: [] }, internals, true)
    const answer = await own.parse(await own.decode(Buffer.from(`00${java['OffsetFetch answer']}`, 'hex')))
    expect(answer).toMatchObject({
      responses: [
        {
          topic: 'texts',
          partitions: [
            { partition: 0, offset: '9007199254740995', metadata: 'note é', errorCode: 0 },
            { partition: 1, errorCode: unstable },
            { partition: 200, offset: '-1', errorCode: 0 },
          ],
        },
        { topic: 'others', partitions: [{ partition: 3, errorCode: unstable }] },
      ],
    })
  })
})
