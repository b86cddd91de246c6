import { createKafka } from '@valence/producer-sdk/kafka'
import { recordHeader } from '@valence/schemas'
import { TestKafka } from '@valence/testing/counting/workload'
import { FakeBroker } from '@valence/testing/kafka/fake-broker'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createKafkaPartitionSessions } from '../../../src/kafka/kafka-partition-sessions.ts'
import type { PartitionSessions } from '../../../src/kafka/partition-session.ts'
import type { OutgoingRecord } from '../../../src/kafka/record.ts'
import type { TopicPartition } from '../../../src/kafka/topic-partition.ts'

/** One broker to run the contract on: sessions on an input partition that holds ten records, and what readers see. */
interface Subject {
  readonly sessions: PartitionSessions
  readonly partition: TopicPartition
  readonly outputTopic: string
  /** Values of the output, as a read-committed reader sees them. */
  visible(): Promise<(string | undefined)[]>
  close(): Promise<void>
}

function fakeSubject(): Promise<Subject> {
  const broker = new FakeBroker()
  const partition = { topic: 'texts', partition: 0 }
  broker.append(
    partition,
    Array.from({ length: 10 }, (_, index) => `r${index}`),
  )
  return Promise.resolve({
    sessions: broker,
    partition,
    outputTopic: 'scores',
    visible: async () => broker.published.map(({ value }) => value?.toString()),
    close: async () => undefined,
  })
}

async function realSubject(): Promise<Subject> {
  const { brokers } = inject('stack')
  const kafka = await TestKafka.connect(brokers)
  const topics = await kafka.createTopics({ partitions: 3 })
  const producer = createKafka({ brokers, clientId: 'contract' }).producer()
  await producer.connect()
  const messages = Array.from({ length: 10 }, (_, index) => ({ partition: 0, value: `r${index}` }))
  await producer.send({ topic: topics.input, messages })
  await producer.disconnect()
  const sessions = await createKafkaPartitionSessions({
    producerKafka: createKafka({ brokers, clientId: 'contract-producer' }),
    admin: kafka.admin,
    groupId: topics.groupId,
    outputTopics: [topics.output, topics.deadLetters],
    transactionTimeoutMs: 10_000,
    compression: 4,
  })
  return {
    sessions,
    partition: { topic: topics.input, partition: 0 },
    outputTopic: topics.output,
    visible: async () => (await readCommitted(brokers, topics.output)).map(({ value }) => value ?? undefined),
    close: () => kafka.close(),
  }
}

describe.each([
  ['the fake', fakeSubject],
  ['a real broker', realSubject],
])('partition sessions on %s', (_name, create) => {
  let subject: Subject
  const record = (value: string): OutgoingRecord => ({
    topic: subject.outputTopic,
    partition: 0,
    key: null,
    value: Buffer.from(value),
    headers: [recordHeader('h', 'v')],
  })

  beforeAll(async () => {
    subject = await create()
  })
  afterAll(() => subject.close())

  it('has no position before the first commit, and knows the log', async () => {
    const session = await subject.sessions.open(subject.partition)
    expect(await session.locate()).toMatchObject({ offset: undefined, hadPredecessor: false, isYounger: false })
    expect(await session.position()).toBeUndefined()
    expect(await subject.sessions.range(subject.partition)).toEqual({ earliest: 0n, latest: 10n })
    await session.close()
  })

  it('makes records and the offset visible together, again and again', async () => {
    const session = await subject.sessions.open(subject.partition)
    await session.publish([record('a'), record('b')], 2n)
    expect(await session.position()).toBe(2n)
    await session.publish([record('c')], 3n)
    await session.publish([], 4n)
    expect(await session.position()).toBe(4n)
    expect(await subject.visible()).toEqual(['a', 'b', 'c'])
    await session.close()
  })

  it('fences an earlier session, which then publishes nothing', async () => {
    const old = await subject.sessions.open(subject.partition)
    await old.publish([record('d')], 5n)
    const young = await subject.sessions.open(subject.partition)
    await expect(old.publish([record('zombie')], 9n)).rejects.toMatchObject({ code: 'VAL_KAFKA_FENCED' })
    expect(await young.position()).toBe(5n)
    await young.publish([record('e')], 6n)
    expect(await subject.visible()).toEqual(['a', 'b', 'c', 'd', 'e'])
    await Promise.all([old.close(), young.close()])
  })

  it('commits with the offset which topic it is for', async () => {
    const session = await subject.sessions.open(subject.partition)
    const { topicId } = await session.locate()
    await session.publish([], 7n)
    expect(topicId).toEqual(expect.any(String))
    expect(await session.locate()).toEqual({
      ...{ offset: 7n, topicId, committedTopicId: topicId },
      ...{ isYounger: false, hadPredecessor: true },
    })
    await session.close()
  })

  it('is spent after an error', async () => {
    const old = await subject.sessions.open(subject.partition)
    const young = await subject.sessions.open(subject.partition)
    await expect(old.publish([record('x')], 9n)).rejects.toThrow()
    await expect(old.publish([record('x')], 9n)).rejects.toMatchObject({ code: 'VAL_KAFKA_TRANSACTION_FAILED' })
    await Promise.all([old.close(), young.close()])
  })

  it('keeps a key on its partition and records without a key with their input partition', () => {
    const of = (key: Buffer | null, input: number) => subject.sessions.outputPartition(subject.outputTopic, key, input)
    expect(of(Buffer.from('k'), 0)).toBe(of(Buffer.from('k'), 2))
    expect([of(null, 0), of(null, 1), of(null, 2)]).toEqual([0, 1, 2])
  })
})
