import { expect } from 'vitest'
import { inventTexts, type TestKafka, type TestTopics } from '../counting/workload.ts'
import { awaitLeaders } from '../kafka/await-leaders.ts'
import { deleteRecordsBefore } from '../kafka/topic-probe.ts'
import { ProcessorProcess } from '../processes/processor-process.ts'
import { outcomeOf, type RecordFaultOutcome } from './outcome.ts'

async function position(kafka: TestKafka, { groupId, input }: TestTopics): Promise<number> {
  const [fetched] = await kafka.admin.fetchOffsets({ groupId, topics: [input] })
  return Number(fetched?.partitions[0]?.offset)
}

/** Ends by itself, with the code that explains it. */
async function expectGapExplained(processor: ProcessorProcess): Promise<void> {
  expect(await processor.exited).toMatchObject({ code: 1 })
  expect(processor.log.findLast(({ code }) => code !== undefined)).toMatchObject({ code: 'VAL_KAFKA_OFFSET_GAP' })
}

/**
 * Retention deletes records that were never read, while the processor sleeps in the middle of its work. It must stop,
 * say why, and stop again after a restart: where to go on is for somebody to decide.
 */
export async function truncatedLog(kafka: TestKafka, count: number): Promise<RecordFaultOutcome> {
  const startedAt = Date.now()
  const topics = await kafka.createTopics({ partitions: 1 })
  const [unread, cut] = [5_000, 4_000]
  const texts = inventTexts(count + unread)
  await kafka.produce(topics.input, texts.slice(0, count))
  const processor = await new ProcessorProcess(topics.environment).started()
  await kafka.drained(topics)
  processor.signal('SIGSTOP')
  await kafka.produce(topics.input, texts.slice(count))
  await deleteRecordsBefore(kafka, topics.input, count + cut)
  processor.signal('SIGCONT')
  await expectGapExplained(processor)
  // A fetch that was under way before the cut may have brought some; behind it nothing was touched.
  const stoppedAt = await position(kafka, topics)
  expect(stoppedAt).toBeLessThan(count + cut)
  await expectGapExplained(new ProcessorProcess(topics.environment))
  expect(await position(kafka, topics)).toBe(stoppedAt)
  return outcomeOf(kafka, topics, {
    fault: 'unread records deleted (offset out of range)',
    injected: 1,
    startedAt,
    scored: texts.slice(0, stoppedAt),
  })
}

/**
 * The input topic is deleted under a running processor and created again, with more records than the old one had. The
 * processor must not take its old position for one of the new topic; started again, it reads the new one from its start.
 */
export async function recreatedTopic(kafka: TestKafka, count: number): Promise<RecordFaultOutcome> {
  const startedAt = Date.now()
  const topics = await kafka.createTopics({ partitions: 1 })
  const texts = inventTexts(4 * count)
  await kafka.produce(topics.input, texts.slice(0, count))
  const processor = await new ProcessorProcess(topics.environment).started()
  await kafka.drained(topics)
  await kafka.admin.deleteTopics({ topics: [topics.input] })
  await kafka.admin.createTopics({ topics: [{ topic: topics.input, numPartitions: 1 }], waitForLeaders: false })
  await awaitLeaders(kafka.admin, [topics.input])
  await kafka.produce(topics.input, texts.slice(count))
  expect(await processor.exited).toMatchObject({ code: 1 })
  expect(processor.log.findLast(({ code }) => code !== undefined)?.code).toMatch(
    /^VAL_KAFKA_(OFFSET_GAP|TOPIC_MISSING|TOPIC_RECREATED)$/,
  )
  const successor = await new ProcessorProcess(topics.environment).started()
  await kafka.drained(topics)
  const outcome = await outcomeOf(kafka, topics, {
    fault: 'input topic deleted and created again',
    injected: 1,
    startedAt,
    scored: texts,
  })
  expect(await successor.stop()).toBe(0)
  return outcome
}
