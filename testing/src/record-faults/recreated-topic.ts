import { createKafka } from '@valence/producer-sdk/kafka'
import { expect } from 'vitest'
import { inventTexts, type TestKafka, type TestTopics } from '../counting/workload.ts'
import { awaitLeaders } from '../kafka/await-leaders.ts'
import { ProcessorProcess } from '../processes/processor-process.ts'
import { outcomeOf, type RecordFaultOutcome } from './outcome.ts'

async function createAgain({ admin }: TestKafka, topic: string): Promise<void> {
  await admin.deleteTopics({ topics: [topic] })
  for (;;) {
    // The name is free once every broker has let go of the old topic.
    const created = await admin
      .createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false })
      .catch(() => false)
    if (created) return awaitLeaders(admin, [topic])
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Offsets with all that was committed beside them; an admin client writes bare numbers. */
async function commitAgain(
  { brokers }: TestKafka,
  { groupId, input: topic }: TestTopics,
  partitions: { partition: number; offset: string }[],
): Promise<void> {
  const producer = createKafka({ brokers, clientId: 'mirror' }).producer({ transactionalId: `${groupId}-mirror` })
  await producer.connect()
  const transaction = await producer.transaction()
  await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions }] })
  await transaction.commit()
  await producer.disconnect()
}

async function expectRecreationExplained(processor: ProcessorProcess): Promise<void> {
  expect(await processor.exited).toMatchObject({ code: 1 })
  expect(processor.log.findLast(({ code }) => code !== undefined)).toMatchObject({ code: 'VAL_KAFKA_TOPIC_RECREATED' })
}

async function readFromItsStart(kafka: TestKafka, topics: TestTopics): Promise<void> {
  const successor = await new ProcessorProcess(topics.environment).started()
  await kafka.drained(topics)
  expect(await successor.stop()).toBe(0)
}

/**
 * The input topic is deleted, created again and filled past the old position while the processor sleeps. For its
 * consumer nothing has happened: the position lies in the log, and the log goes on behind it.
 */
export async function recreatedWhileAsleep(kafka: TestKafka, count: number): Promise<RecordFaultOutcome> {
  const startedAt = Date.now()
  const topics = await kafka.createTopics({ partitions: 1 })
  const texts = inventTexts(4 * count)
  await kafka.produce(topics.input, texts.slice(0, count))
  const processor = await new ProcessorProcess(topics.environment).started()
  await kafka.drained(topics)
  processor.signal('SIGSTOP')
  await createAgain(kafka, topics.input)
  await kafka.produce(topics.input, texts.slice(count))
  processor.signal('SIGCONT')
  await expectRecreationExplained(processor)
  await readFromItsStart(kafka, topics)
  const facts = { fault: 'input topic created again while asleep', injected: 1, startedAt, scored: texts }
  return outcomeOf(kafka, topics, facts)
}

/** The same while no processor is there, with an offset of the old topic that outlived it. */
export async function recreatedWhileAway(kafka: TestKafka, count: number): Promise<RecordFaultOutcome> {
  const startedAt = Date.now()
  const topics = await kafka.createTopics({ partitions: 1 })
  const texts = inventTexts(4 * count)
  await kafka.produce(topics.input, texts.slice(0, count))
  await readFromItsStart(kafka, topics)
  const { groupId, input: topic } = topics
  const [old] = await kafka.admin.fetchOffsets({ groupId, topics: [topic] })
  await createAgain(kafka, topic)
  await kafka.produce(topic, texts.slice(count))
  // Brokers drop the offsets of a topic with it; an offset that was restored or mirrored comes back.
  await commitAgain(kafka, topics, old?.partitions ?? [])
  const successor = await new ProcessorProcess(topics.environment).started()
  await kafka.drained(topics)
  expect(successor.log).toContainEqual(expect.objectContaining({ code: 'VAL_KAFKA_TOPIC_RECREATED', level: 'warn' }))
  expect(await successor.stop()).toBe(0)
  const facts = { fault: 'input topic created again while away', injected: 1, startedAt, scored: texts }
  return outcomeOf(kafka, topics, facts)
}
