import { expect } from 'vitest'
import type { AcknowledgedText } from '../counting/invariants.ts'
import { inventTexts, TestKafka } from '../counting/workload.ts'
import { ProcessorProcess } from '../processes/processor-process.ts'
import { outcomeOf, type RecordFaultOutcome } from './outcome.ts'

/**
 * The input gets one more partition, `times` times, while two processors work. Whoever adds partitions moves keys
 * between them, so each count of partitions has keys of its own here: order is promised within those.
 */
export async function addedPartitions(kafka: TestKafka, times: number, count: number): Promise<RecordFaultOutcome> {
  const startedAt = Date.now()
  const topics = await kafka.createTopics({ partitions: 1 })
  const texts: AcknowledgedText[] = inventTexts((times + 1) * count).map((text, at) => ({
    ...text,
    key: `${text.key} of ${Math.floor(at / count)}`,
  }))
  const processors = await Promise.all(
    [0, 1].map((seat) =>
      new ProcessorProcess({ ...topics.environment, VALENCE_KAFKA_INSTANCE_ID: `seat-${seat}` }).started(),
    ),
  )
  await kafka.produce(topics.input, texts.slice(0, count))
  for (let added = 1; added <= times; added += 1) {
    await kafka.admin.createPartitions({ topicPartitions: [{ topic: topics.input, count: 1 + added }] })
    // Clients that were there before would not know the new partition for minutes.
    const knowing = await TestKafka.connect(kafka.brokers)
    await knowing.produce(topics.input, texts.slice(added * count, (added + 1) * count))
    await knowing.drained(topics)
    await knowing.close()
  }
  const outcome = await outcomeOf(kafka, topics, {
    fault: 'a partition added to the input while processors work',
    injected: times,
    startedAt,
    scored: texts,
  })
  for (const processor of processors) expect(await processor.stop()).toBe(0)
  return outcome
}
