import type { Kafka } from '@valence/producer-sdk/kafka'
import { describe, expect, it, vi } from 'vitest'
import { openKafkaPartitionSession } from '../../../src/kafka/kafka-partition-session.ts'
import type { OutgoingRecord } from '../../../src/kafka/record.ts'

type Sent = { topicMessages: { topic: string; messages: { partition: number; value: Buffer }[] }[] }

/** A Kafka client that writes down what a session asks of it; `fail` decides what is answered. */
function recordingKafka(fail: (call: string, count: number) => Error | undefined = () => undefined) {
  const calls: string[] = []
  const configs: { transactionalId?: string }[] = []
  const sends: Sent[] = []
  const commits: string[] = []
  const counts = new Map<string, number>()
  function note(call: string): void {
    calls.push(call)
    const count = (counts.get(call) ?? 0) + 1
    counts.set(call, count)
    const error = fail(call, count)
    if (error) throw error
  }
  let acknowledgeAll = true
  const transaction = {
    sendOffsets: async ({ topics }: { topics: { partitions: { metadata: string }[] }[] }) => {
      commits.push(topics[0]?.partitions[0]?.metadata ?? '')
      note('sendOffsets')
    },
    sendBatch: async (batch: Sent) => {
      note('sendBatch')
      sends.push(batch)
      const acks = batch.topicMessages.flatMap(({ topic, messages }) =>
        messages.map(({ partition }) => ({ topicName: topic, partition, errorCode: 0 })),
      )
      return acknowledgeAll ? acks : acks.slice(1)
    },
    commit: async () => note('commit'),
    abort: async () => note('abort'),
  }
  const producer = {
    connect: async () => note('connect'),
    disconnect: async () => note('disconnect'),
    transaction: async () => {
      note('transaction')
      return transaction
    },
  }
  const kafka = {
    producer: (config: { transactionalId?: string }) => {
      configs.push(config)
      return producer
    },
  } as unknown as Kafka
  return { kafka, calls, configs, sends, commits, forgetOneAck: () => (acknowledgeAll = false) }
}

interface Committed {
  readonly metadata?: string
  /** What the group committed for other partitions, by number. */
  readonly others?: Readonly<Record<number, string>>
}

async function open(
  kafka: Kafka,
  batchAcrossPartitions = true,
  { metadata = 'topic-id=old', others = {} }: Committed = {},
) {
  return openKafkaPartitionSession(
    {
      kafka,
      groupId: 'g',
      transactionTimeoutMs: 1_000,
      compression: 0,
      offsets: {
        committed: async () => ({ offset: 7n, metadata }),
        topic: async () => ({ id: 'now', partitions: 6 }),
        group: async () =>
          new Map(Object.entries(others).map(([at, own]) => [Number(at), { offset: 1n, metadata: own }])),
        clusterId: async () => 'here',
        range: async () => ({ earliest: 0n, latest: 9n }),
      },
      batchAcrossPartitions,
    },
    { topic: 'texts-v1', partition: 3 },
  )
}

function record(partition: number, topic = 'scores'): OutgoingRecord {
  return { topic, partition, key: null, value: Buffer.from('v'), headers: [] }
}

const protocolError = (type: string) => Object.assign(new Error(type), { name: 'KafkaJSProtocolError', type })

describe('a partition session', () => {
  it('has an id of its own for each group, topic and partition, and fences before anything else', async () => {
    const { kafka, configs, calls } = recordingKafka()
    const session = await open(kafka)
    expect(configs[0]?.transactionalId).toBe('g.texts-v1.3')
    expect(calls).toEqual(['connect', 'transaction'])
    expect(await session.locate()).toMatchObject({ offset: 7n, topicId: 'now', committedTopicId: 'old' })
  })

  it.each([
    ['of this cluster', 'topic-id=old@here', 'old'],
    ['that a mirror brought from another', 'topic-id=old@there', undefined],
    ['of a tool', 'done by hand', undefined],
  ])('reads the id of the topic from a position %s', async (_, metadata, committedTopicId) => {
    const session = await open(recordingKafka().kafka, true, { metadata })
    expect(await session.locate()).toMatchObject({ offset: 7n, topicId: 'now', committedTopicId })
  })

  it.each<[string, Committed, string, boolean]>([
    ['as the position itself says', { metadata: 'topic-id=now@here@found=3' }, 'topic-id=now@here@found=3', true],
    ['as others say', { metadata: '', others: { 0: 'topic-id=now@here@found=5' } }, 'topic-id=now@here@found=5', false],
    ['as there are, on a first start', { metadata: '' }, 'topic-id=now@here@found=6', false],
    [
      'none of a topic that was created again',
      { metadata: 'topic-id=old@here@found=6' },
      'topic-id=now@here@found=0',
      true,
    ],
  ])('commits how many partitions the group found: %s', async (_, committed, note, isYounger) => {
    const { kafka, commits } = recordingKafka()
    const session = await open(kafka, true, committed)
    expect(await session.locate()).toMatchObject({ isYounger })
    await session.publish([], 9n)
    expect(commits).toEqual([note])
  })

  it('commits the progress of a job beside the offset and reads it again', async () => {
    const { kafka, commits } = recordingKafka()
    const session = await open(kafka, true, { metadata: 'topic-id=now@here@found=3@lines=4@refused=1' })
    expect(await session.locate()).toMatchObject({ lineProgress: { lines: 4n, refused: 1, isFinished: false } })
    await session.publish([], 9n, { lines: 9n, refused: 1, isFinished: true })
    await session.publish([], 10n)
    expect(commits).toEqual(['topic-id=now@here@found=3@lines=9@refused=1@finished', 'topic-id=now@here@found=3'])
  })

  it('sends the offset first, then the records, then commits', async () => {
    const { kafka, calls, sends } = recordingKafka()
    const session = await open(kafka)
    await session.publish([record(0), record(1), record(0, 'dead')], 9n)
    await session.publish([], 10n)
    expect(calls.slice(2)).toEqual(['sendOffsets', 'sendBatch', 'commit', 'transaction', 'sendOffsets', 'commit'])
    expect(sends[0]?.topicMessages.map(({ topic, messages }) => [topic, messages.length])).toEqual([
      ['scores', 2],
      ['dead', 1],
    ])
  })

  it('sends to one partition at a time where the client cannot be trusted with several', async () => {
    const { kafka, sends } = recordingKafka()
    await (await open(kafka, false)).publish([record(0), record(1), record(0)], 9n)
    expect(
      sends.map(({ topicMessages }) => topicMessages.flatMap(({ messages }) => messages.map((m) => m.partition))),
    ).toEqual([[0, 0], [1]])
  })

  it('sends at most a thousand records a call', async () => {
    const { kafka, sends } = recordingKafka()
    await (await open(kafka)).publish(
      Array.from({ length: 2_500 }, () => record(0)),
      9n,
    )
    expect(sends.map(({ topicMessages }) => topicMessages[0]?.messages.length)).toEqual([1_000, 1_000, 500])
  })

  it('sends no more together than a batch of a topic may hold', async () => {
    const { kafka, sends } = recordingKafka()
    const large = (kilobytes: number) => ({ ...record(0), value: Buffer.alloc(kilobytes * 1024) })
    await (await open(kafka)).publish([large(300), large(200), large(100), large(2_000), large(1)], 9n)
    expect(
      sends.map(({ topicMessages }) => topicMessages[0]?.messages.map(({ value }) => value.length / 1024)),
    ).toEqual([[300, 200], [100], [2_000], [1]])
  })

  it('blames no record for a time that it did not bring itself', async () => {
    const { kafka } = recordingKafka((call) => (call === 'sendBatch' ? protocolError('INVALID_TIMESTAMP') : undefined))
    await expect((await open(kafka)).publish([record(0)], 9n)).rejects.toMatchObject({
      code: 'VAL_KAFKA_TIMESTAMP_REFUSED',
    })
    await expect((await open(kafka)).publish([{ ...record(0), timestamp: 1 }], 9n)).rejects.toMatchObject({
      code: 'VAL_RECORD_REFUSED_BY_BROKER',
    })
  })

  it('blames no record for what another request than Produce was answered', async () => {
    const { kafka } = recordingKafka((call) => (call === 'commit' ? protocolError('POLICY_VIOLATION') : undefined))
    await expect((await open(kafka)).publish([record(0)], 9n)).rejects.toMatchObject({
      code: 'VAL_KAFKA_TRANSACTION_FAILED',
    })
  })

  it('waits while the markers of the last transaction are being written', async () => {
    const { kafka, calls } = recordingKafka((call, count) =>
      call === 'sendOffsets' && count < 3 ? protocolError('CONCURRENT_TRANSACTIONS') : undefined,
    )
    await (await open(kafka)).publish([record(0)], 9n)
    expect(calls.filter((call) => call === 'sendOffsets')).toHaveLength(3)
    expect(calls.at(-1)).toBe('commit')
  })

  it('gives up once those markers take as long as a fault does', async ({ onTestFinished }) => {
    onTestFinished(() => void vi.useRealTimers())
    vi.useFakeTimers()
    // The overlay waits for half a minute within each call, and wraps what it was answered.
    const { kafka, calls } = recordingKafka((call) => {
      if (call !== 'sendOffsets') return undefined
      vi.advanceTimersByTime(30_000)
      return Object.assign(new Error('Still so'), { cause: protocolError('CONCURRENT_TRANSACTIONS') })
    })
    const published = (await open(kafka)).publish([record(0)], 9n)
    published.catch(() => undefined)
    await vi.advanceTimersByTimeAsync(10_000)
    await expect(published).rejects.toMatchObject({ code: 'VAL_KAFKA_TRANSACTION_FAILED' })
    expect(calls.filter((call) => call === 'sendOffsets')).toHaveLength(1)
  })

  it('does not commit when a partition was not acknowledged', async () => {
    const { kafka, calls, forgetOneAck } = recordingKafka()
    const session = await open(kafka)
    forgetOneAck()
    await expect(session.publish([record(0), record(1)], 9n)).rejects.toMatchObject({ code: 'VAL_KAFKA_ACK_MISMATCH' })
    expect(calls).not.toContain('commit')
  })

  it.each([
    ['INVALID_PRODUCER_EPOCH', 'VAL_KAFKA_FENCED'],
    ['MESSAGE_TOO_LARGE', 'VAL_RECORD_TOO_LARGE_TO_PUBLISH'],
    ['INVALID_RECORD', 'VAL_RECORD_REFUSED_BY_BROKER'],
    ['INVALID_TXN_STATE', 'VAL_KAFKA_TRANSACTION_FAILED'],
  ])('reports %s as %s and is spent', async (type, code) => {
    const { kafka, calls } = recordingKafka((call) => (call === 'sendBatch' ? protocolError(type) : undefined))
    const session = await open(kafka)
    await expect(session.publish([record(0)], 9n)).rejects.toMatchObject({ code })
    const before = calls.length
    await expect(session.publish([record(0)], 9n)).rejects.toMatchObject({ code: 'VAL_KAFKA_TRANSACTION_FAILED' })
    expect(calls).toHaveLength(before)
  })

  it('is spent after a commit of unknown outcome: the position decides what happened', async () => {
    const { kafka } = recordingKafka((call) =>
      call === 'commit' ? Object.assign(new Error('timeout'), { name: 'KafkaJSRequestTimeoutError' }) : undefined,
    )
    const session = await open(kafka)
    await expect(session.publish([record(0)], 9n)).rejects.toMatchObject({ code: 'VAL_KAFKA_UNREACHABLE' })
    await expect(session.publish([record(0)], 9n)).rejects.toMatchObject({ code: 'VAL_KAFKA_TRANSACTION_FAILED' })
  })

  it('closes its producer when it cannot fence', async () => {
    const { kafka, calls } = recordingKafka((call) =>
      call === 'transaction' ? protocolError('TRANSACTIONAL_ID_AUTHORIZATION_FAILED') : undefined,
    )
    await expect(open(kafka)).rejects.toMatchObject({ code: 'VAL_KAFKA_NOT_AUTHORISED' })
    expect(calls.at(-1)).toBe('disconnect')
  })
})
