import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { inventTexts, type TestKafka } from '../counting/workload.ts'
import { readBytes } from '../kafka/committed-bytes.ts'
import { readCommitted } from '../kafka/independent-reader.ts'
import { limitMessageBytes } from '../kafka/topic-probe.ts'
import { ProcessorProcess } from '../processes/processor-process.ts'
import { outcomeOf, type RecordFaultOutcome } from './outcome.ts'

const limitBytes = 4_000

/** Every `each`th text has a result that the output topic does not take: it alone becomes a dead letter, whole. */
export async function tooLargeOutput(kafka: TestKafka, count: number, each: number): Promise<RecordFaultOutcome> {
  const startedAt = Date.now()
  const topics = await kafka.createTopics({ partitions: 1 })
  await limitMessageBytes(kafka, topics.output, limitBytes)
  const texts = inventTexts(count).map((text, index) =>
    // Random letters, so that no compression makes it fit.
    index % each === 0 ? { ...text, text: randomBytes(limitBytes).toString('base64') } : text,
  )
  await kafka.produce(topics.input, texts)
  const settings = { VALENCE_KAFKA_COMPRESSION: 'none', VALENCE_KAFKA_BATCH_MAX_RECORDS: '8' }
  const processor = await new ProcessorProcess({ ...topics.environment, ...settings }).started()
  await kafka.drained(topics)
  const outcome = await outcomeOf(kafka, topics, {
    fault: 'result larger than max.message.bytes',
    injected: Math.ceil(count / each),
    startedAt,
    scored: texts.filter((_, index) => index % each !== 0),
  })
  const originals = await readBytes(kafka.brokers, topics.input)
  const letters = await readBytes(kafka.brokers, topics.deadLetters)
  expect(letters.map(({ value }) => String(value))).toEqual(
    originals.filter((_, index) => index % each === 0).map(({ value }) => String(value)),
  )
  const codes = (await readCommitted(kafka.brokers, topics.deadLetters)).map(
    ({ headers }) => headers['valence-error-code'],
  )
  expect(new Set(codes)).toEqual(new Set(['VAL_RECORD_TOO_LARGE_TO_PUBLISH']))
  expect(await processor.stop()).toBe(0)
  return outcome
}
