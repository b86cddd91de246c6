import { expect } from 'vitest'
import { inventTexts, type TestKafka } from '../counting/workload.ts'
import { readBytes } from '../kafka/committed-bytes.ts'
import { writeTinyModel } from '../models/tiny-model.ts'
import { ProcessorProcess } from '../processes/processor-process.ts'
import { outcomeOf, type RecordFaultOutcome } from './outcome.ts'

/** One text of a batch of 500 makes the graph fail: the others are scored, this one keeps its bytes as a dead letter. */
export async function oneTextFailsTheGraph(kafka: TestKafka, batches: number): Promise<RecordFaultOutcome> {
  const startedAt = Date.now()
  const model = await writeTinyModel()
  const topics = await kafka.createTopics({ partitions: 1 })
  const texts = inventTexts(500 * batches).map((text, index) =>
    index % 500 === 250 ? { ...text, text: `poison ${text.text}` } : text,
  )
  await kafka.produce(topics.input, texts)
  const processor = await new ProcessorProcess({ ...topics.environment, VALENCE_MODEL: model.folder }).started()
  await kafka.drained(topics)
  const isBad = ({ text }: { text: string }) => text.startsWith('poison')
  const outcome = await outcomeOf(kafka, topics, {
    fault: 'one text in 500 fails in the graph',
    injected: batches,
    startedAt,
    scored: texts.filter((text) => !isBad(text)),
  })
  const originals = await readBytes(kafka.brokers, topics.input)
  const letters = await readBytes(kafka.brokers, topics.deadLetters)
  expect(letters.map(({ value }) => value)).toEqual(
    originals.map(({ value }) => value).filter((value) => value.includes('poison')),
  )
  expect(letters).toHaveLength(batches)
  expect(await processor.metric('valence_pipeline_dead_letters_total', 'VAL_INFERENCE_FAILED')).toBe(batches)
  expect(await processor.stop()).toBe(0)
  await model.remove()
  return outcome
}

const poison: readonly ((index: number) => Buffer)[] = [
  (index) => Buffer.from(`{"text": ${index}`),
  (index) => Buffer.from(`{"text": ${index}}`),
  (index) => Buffer.from([0xc3, 0x28, ...Buffer.from(String(index))]),
  (index) => Buffer.from([0, 0, 0, 0, 9, ...Buffer.from(String(index))]),
  (index) => Buffer.concat([Buffer.alloc(70_000, 'x'), Buffer.from(String(index))]),
]

/** Poison a second; a big one among five. */
const poisonRate = 200

/**
 * Nothing but poison for a while, then good texts: the processor lives, every record is dead-lettered once, byte by
 * byte and in order, and the lag stays within a few seconds' worth of records.
 */
export async function nothingButPoison(kafka: TestKafka, durationMs: number): Promise<RecordFaultOutcome> {
  const startedAt = Date.now()
  const topics = await kafka.createTopics({ partitions: 2 })
  const processor = await new ProcessorProcess(topics.environment).started()
  const lags: number[] = []
  const sent: Buffer[] = []
  while (Date.now() - startedAt < durationMs) {
    const due = Math.floor(((Date.now() - startedAt) / 1_000) * poisonRate)
    const next = Array.from({ length: due - sent.length }, (_, index) => {
      const at = sent.length + index
      return (poison[at % poison.length] as (typeof poison)[number])(at)
    })
    for (let at = 0; at < next.length; at += 20) await kafka.produceRaw(topics.input, next.slice(at, at + 20))
    sent.push(...next)
    lags.push(await kafka.remaining(topics))
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const half = lags.slice(lags.length >> 1)
  expect(Math.max(...half), 'lag').toBeLessThan(poisonRate * 5)
  const texts = inventTexts(200)
  await kafka.produce(topics.input, texts)
  await kafka.drained(topics)
  const outcome = await outcomeOf(kafka, topics, {
    fault: 'nothing but poison',
    // Thousands of bad records are one fault: the time without a good one.
    injected: 1,
    startedAt,
    scored: texts,
  })
  const inputs = (await readBytes(kafka.brokers, topics.input)).filter(({ key }) => key === null)
  const letters = await readBytes(kafka.brokers, topics.deadLetters)
  for (const partition of [0, 1]) {
    const bytesOf = (records: typeof letters) =>
      Buffer.concat(records.filter((record) => record.partition === partition).map(({ value }) => value))
    expect(bytesOf(letters).equals(bytesOf(inputs))).toBe(true)
  }
  expect(letters).toHaveLength(sent.length)
  expect(await processor.stop()).toBe(0)
  return outcome
}
