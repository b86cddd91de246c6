import { describe, expect, it } from 'vitest'
import { type TxnOffsetCommit, txnOffsetCommit } from '../../../../src/kafka/overlay/txn-offset-commit.ts'
import clientBytes from '../../../support/client-bytes.json' with { type: 'json' }
import { encoded } from '../../../support/encoded-request.ts'
import { internals } from '../../../support/stock-kafkajs.ts'

const { java, librdkafka } = clientBytes
const modern = { versions: { 28: { maxVersion: 5 } } }

const lane = {
  transactionalId: 'lane-1',
  groupId: 'group',
  producerId: '9007199254740993',
  producerEpoch: 7,
  member: { generationId: 12, memberId: 'member-a', instanceId: 'instance-1' },
  topics: [
    {
      topic: 'texts',
      partitions: [
        { partition: 0, offset: '9007199254740995', metadata: 'note é' },
        { partition: 200, offset: '0', metadata: null },
      ],
    },
    { topic: 'others', partitions: [{ partition: 3, offset: '5', metadata: '' }] },
  ],
} satisfies TxnOffsetCommit

async function bytesOf(commit: TxnOffsetCommit): Promise<string> {
  return (await encoded(txnOffsetCommit(modern, internals, commit))).bytes.toString('hex')
}

async function answering(payload: Buffer): Promise<unknown> {
  const { response } = txnOffsetCommit(modern, internals, lane)
  return response.parse(await response.decode(payload))
}

/** Length, API, version, correlation id and client id precede the tagged fields of a header. */
function afterClientId(frame: string): string {
  const bytes = Buffer.from(frame, 'hex')
  return bytes.toString('hex', 14 + bytes.readInt16BE(12))
}

/** What the captured client was asked to commit. */
function captured(name: string, [transactionalId, groupId]: [string, string]): Omit<TxnOffsetCommit, 'member'> {
  const topics = ['a', 'b'].map((letter) => ({
    topic: `captured.${name}.${letter}`,
    partitions: [0, 1, 2].map((partition) => ({
      partition,
      offset: String(1_000_000_007 * partition + 5),
      metadata: `note ${letter}${partition} é\0`,
    })),
  }))
  const last = topics[1]?.partitions[2]
  if (last) Object.assign(last, { offset: '9007199254740993', metadata: '\0' })
  return { transactionalId, groupId, producerId: '0', producerEpoch: 0, topics }
}

describe('txnOffsetCommit', () => {
  it.each([
    ['a static member', lane, java['TxnOffsetCommit request']],
    ['a dynamic one', { ...lane, member: { ...lane.member, instanceId: null } }, java['TxnOffsetCommit dynamic']],
  ])("has the bytes of the Java client's for %s", async (_, commit, expected) => {
    expect(await bytesOf(commit)).toBe(`00${expected}`)
  })

  it("has the bytes of librdkafka's for a dynamic member", async () => {
    const memberId = 'rdkafka-47ddbf32-d90e-4f68-9791-9dd1af94b76a'
    const commit = captured('dynamic', ['captured-dynamic-lane', 'captured-dynamic'])
    const bytes = await bytesOf({ ...commit, member: { generationId: 1, memberId, instanceId: null } })
    expect(bytes).toBe(afterClientId(librdkafka.dynamic.request))
  })

  it("has the bytes of librdkafka's for a static member", async () => {
    const memberId = 'instance-1-14ef6d2e-a3ee-46ba-abb1-5e1de0c27a4e'
    const commit = captured('instance-1', ['captured-instance-1-lane', 'captured-instance-1'])
    const member = { generationId: 1, memberId, instanceId: 'instance-1' }
    const bytes = await bytesOf({ ...commit, producerId: '1', member })
    expect(bytes).toBe(afterClientId(librdkafka.static.request))
  })

  it('is of the first version that the group checks, whatever the broker knows besides', async () => {
    const { apiName, apiVersion } = await encoded(txnOffsetCommit(modern, internals, lane))
    expect([apiName, apiVersion]).toEqual(['TxnOffsetCommit', 3])
  })

  it("understands brokers' consent", async () => {
    const frame = Buffer.from(librdkafka.static.answer, 'hex')
    await expect(answering(frame.subarray(8))).resolves.toMatchObject({
      topics: [
        { topic: 'captured.instance-1.a', partitions: [{ partition: 0 }, { partition: 1 }, { partition: 2 }] },
        { topic: 'captured.instance-1.b', partitions: [{ errorCode: 0 }, { errorCode: 0 }, { errorCode: 0 }] },
      ],
    })
  })

  it('throws what the broker says of any partition, and names its topics', async () => {
    const refused = answering(Buffer.from(`00${java['TxnOffsetCommit answer']}`, 'hex'))
    await expect(refused).rejects.toMatchObject({
      type: 'ILLEGAL_GENERATION',
      message: expect.stringContaining('texts, others'),
    })
  })

  it.each([{ versions: { 28: { maxVersion: 2 } } }, { versions: {} }, { versions: null }])(
    'is refused to a broker that would not check: %j',
    (broker) => {
      expect(() => txnOffsetCommit(broker, internals, lane)).toThrow(
        expect.objectContaining({ code: 'VAL_KAFKA_BROKER_TOO_OLD' }),
      )
    },
  )
})
