import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { inventTexts, type TestKafka } from '../counting/workload.ts'
import { ProcessorProcess } from '../processes/processor-process.ts'
import { outcomeOf, type RecordFaultOutcome } from './outcome.ts'

/** Far longer than a batch takes, on a busy machine too: only workers that are told to hang are to be lost for it. */
const timeoutMs = 5_000
const replacedMs = 60_000

const saboteur = new URL('../models/worker-saboteur.ts', import.meta.url).href

/** Inference workers throw, exit and hang in turn while texts flow; nobody is blamed for it, nothing comes twice. */
export async function badWorkers(kafka: TestKafka, faults: number): Promise<RecordFaultOutcome> {
  const startedAt = Date.now()
  const topics = await kafka.createTopics()
  const processor = await new ProcessorProcess({
    ...topics.environment,
    NODE_OPTIONS: `--import=${saboteur}`,
    VALENCE_INFERENCE_TIMEOUT_MS: String(timeoutMs),
    VALENCE_CACHE_MAX_BYTES: '0',
  }).started()
  const lost = () => processor.metric('valence_inference_worker_restarts_total')
  const texts = inventTexts(faults * 2_000)
  let injected = 0
  const feeding = processor.whileUp(kafka.feed(topics, texts, () => injected === faults))
  // Awaited below.
  feeding.catch(() => undefined)
  while (injected < faults) {
    const before = await lost()
    processor.signal('SIGUSR2')
    await processor.whileUp(expect.poll(lost, { timeout: replacedMs, interval: 50 }).toBeGreaterThan(before))
    injected += 1
    // The wait before a replacement grows with every worker that is lost within a short time.
    await delay(500)
  }
  const sent = await feeding
  const outcome = await outcomeOf(kafka, topics, {
    fault: 'an inference worker throws, exits or hangs',
    injected,
    startedAt,
    scored: sent,
  })
  expect(await processor.metric('valence_pipeline_dead_letters_total')).toBe(0)
  expect(await processor.stop()).toBe(0)
  return outcome
}
