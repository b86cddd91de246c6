import { setTimeout as delay } from 'node:timers/promises'
import type { LocalStack } from '@valence/deploy/local/local-stack'
import { inventTexts, TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { ProcessorProcess } from '@valence/testing/processes/processor-process'
import { Tally, tallyTopic } from './ledger.ts'
import type { SoakSample } from './trend.ts'

export interface SoakOptions {
  readonly stack: LocalStack
  readonly minutes: number
  /** What is produced, whatever the processor makes of it. */
  readonly recordsPerSecond: number
  readonly sampleEveryMs: number
  readonly onSample: (sample: SoakSample) => void
}

export interface SoakResult {
  readonly samples: readonly SoakSample[]
  readonly produced: number
  readonly lost: number
  readonly doubled: number
}

/** One record in so many is broken and becomes a dead letter. */
const brokenEvery = 500
const feedEveryMs = 250

const isBroken = (index: number) => index % brokenEvery === brokenEvery - 1

/** Produces at an even rate until told to stop; returns how many. */
async function feed(kafka: TestKafka, topic: string, perSecond: number, signal: AbortSignal): Promise<number> {
  const startedAt = performance.now()
  let sent = 0
  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * perSecond)
    if (due > sent) await produce(kafka, topic, sent, due)
    sent = Math.max(sent, due)
    await delay(feedEveryMs)
  }
  return sent
}

/** Texts `from` until before `to`: all different, so that no cache can spare the model the work. */
async function produce(kafka: TestKafka, topic: string, from: number, to: number): Promise<void> {
  const texts = inventTexts(to - from).map(({ key, text }, offset) => {
    const index = from + offset
    return { id: `id-${index}`, key, text: `${text} ${index}` }
  })
  await kafka.produce(
    topic,
    texts.filter((_, offset) => !isBroken(from + offset)),
  )
  const broken = texts.flatMap((_, offset) => (isBroken(from + offset) ? [`{broken ${from + offset}`] : []))
  if (broken.length > 0) await kafka.produceRaw(topic, broken)
}

async function sampleUntil(
  { sampleEveryMs, onSample }: SoakOptions,
  processor: ProcessorProcess,
  remaining: () => Promise<number>,
  signal: AbortSignal,
): Promise<SoakSample[]> {
  const samples: SoakSample[] = []
  const startedAt = performance.now()
  let last = { at: startedAt, records: 0 }
  while (!signal.aborted) {
    await delay(sampleEveryMs)
    const [metric, lag] = await Promise.all([processor.scrape(), remaining()])
    const at = performance.now()
    const records = metric('valence_pipeline_records_total')
    const sample = {
      second: Math.round((at - startedAt) / 100) / 10,
      rssMiB: Math.round(metric('process_resident_memory_bytes') / 2 ** 20),
      eventLoopDelayP99Ms: Math.round(metric('nodejs_eventloop_lag_p99_seconds') * 10_000) / 10,
      lag,
      recordsPerSecond: Math.round(((records - last.records) * 1_000) / (at - last.at)),
    }
    last = { at, records }
    samples.push(sample)
    onSample(sample)
  }
  return samples
}

async function settle(brokers: string, topics: TestTopics, produced: number): Promise<Tally> {
  const tally = new Tally(produced)
  await tallyTopic(brokers, topics.output, tally, (value) => Number(JSON.parse(value).id.replace('id-', '')))
  await tallyTopic(brokers, topics.deadLetters, tally, (value) => Number(value.replace('{broken ', '')))
  return tally
}

/** A real processor under an even load for as long as asked, then everything counted with an independent reader. */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const kafka = await TestKafka.connect(options.stack.brokers)
  try {
    const topics = await kafka.createTopics()
    const processor = await new ProcessorProcess(topics.environment).started()
    const signal = AbortSignal.timeout(options.minutes * 60_000)
    const [produced, samples] = await Promise.all([
      feed(kafka, topics.input, options.recordsPerSecond, signal),
      sampleUntil(options, processor, () => kafka.remaining(topics), signal),
    ])
    await kafka.drained(topics)
    await processor.stop()
    const tally = await settle(options.stack.brokers, topics, produced)
    return { samples, produced, lost: tally.lost, doubled: tally.doubled + tally.foreign }
  } finally {
    await kafka.close()
  }
}
