import { expect } from 'vitest'
import { inventTexts, type TestKafka } from '../counting/workload.ts'
import { readCommitted } from '../kafka/independent-reader.ts'
import { logReaches } from '../kafka/topic-probe.ts'
import { runCliJson, startCli } from '../processes/cli-process.ts'
import { ProcessorProcess } from '../processes/processor-process.ts'
import { outcomeOf, type RecordFaultOutcome } from './outcome.ts'

/**
 * A wrong setting makes dead letters of everything; once it is put right they are replayed, by a command that is killed
 * `shares.length` times on its way, while the processor works: each text is scored exactly once.
 */
export async function replayAfterTheCause(
  kafka: TestKafka,
  count: number,
  shares: readonly number[],
): Promise<RecordFaultOutcome> {
  const startedAt = Date.now()
  const topics = await kafka.createTopics({ partitions: 2 })
  const texts = inventTexts(count)
  await kafka.produce(topics.input, texts)
  const cause = { VALENCE_INPUT_FORMAT: 'avro', VALENCE_SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1' }
  const wrong = await new ProcessorProcess({ ...topics.environment, ...cause }).started()
  await kafka.drained(topics)
  expect(await wrong.stop()).toBe(0)
  expect(await readCommitted(kafka.brokers, topics.output)).toEqual([])
  expect(await readCommitted(kafka.brokers, topics.deadLetters)).toHaveLength(count)

  const processor = await new ProcessorProcess(topics.environment).started()
  let kills = 0
  for (const share of shares) {
    const { child, ended } = startCli(['dlq', 'replay'], { environment: topics.environment })
    await Promise.race([logReaches(kafka, topics.input, (1 + share) * count), ended])
    child.kill('SIGKILL')
    if ((await ended).signal === 'SIGKILL') kills += 1
  }
  expect(kills).toBeGreaterThan(0)
  await runCliJson(['dlq', 'replay'], { environment: topics.environment })
  await kafka.drained(topics)
  const outcome = await outcomeOf(kafka, topics, {
    fault: '`dlq replay` killed half-way',
    injected: kills,
    startedAt,
    scored: texts,
  })
  expect(await readCommitted(kafka.brokers, topics.deadLetters)).toHaveLength(count)
  expect(await processor.stop()).toBe(0)
  return outcome
}
