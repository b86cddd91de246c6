import { startLocalStack } from '@valence/deploy/local/stack'
import { TestKafka } from '@valence/testing/counting/workload'
import { ProcessorProcess } from '@valence/testing/processes/processor-process'
import { freshText, load } from './http-requests.ts'
import { median } from './measure.ts'

const texts = 220_000
const rounds = 4
const records = 'valence_pipeline_records_total'

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const print = (what: string, result: object) => process.stdout.write(`${JSON.stringify({ what, ...result })}\n`)

interface Phase {
  readonly recordsPerSecond: number
  /** How long the event loop was held up, in milliseconds. */
  readonly loop: { readonly p99: number; readonly max: number }
  /** Share of the HTTP texts that waited no longer than so many milliseconds for their batch to start. */
  readonly waited: Readonly<Record<string, number>>
  /** Mean length of a run, in milliseconds. */
  readonly run: number
}

const round = (value: number, digits = 1) => Number(value.toFixed(digits))

/** What the processor says of a time in which something else may happen. */
async function observe(processor: ProcessorProcess, meanwhile: Promise<unknown>): Promise<Phase> {
  const [before, start] = [await processor.scrape(), performance.now()]
  await meanwhile
  const [after, seconds] = [await processor.scrape(), (performance.now() - start) / 1_000]
  const grown = (name: string, labels?: string) => after(name, labels) - before(name, labels)
  const waits = grown('valence_scoring_queue_seconds_count', 'origin="http"')
  const within = (edge: number) => grown('valence_scoring_queue_seconds_bucket', `le="${edge}",origin="http"`) / waits
  const loop = (name: string) => round(after(`nodejs_eventloop_lag_${name}_seconds`) * 1_000)
  const runs = grown('valence_inference_infer_seconds_count')
  return {
    recordsPerSecond: Math.round(grown(records) / seconds),
    loop: { p99: loop('p99'), max: loop('max') },
    waited: Object.fromEntries([0.01, 0.025, 0.05, 0.1].map((edge) => [edge * 1_000, round(within(edge), 3)])),
    run: round((grown('valence_inference_infer_seconds_sum') / runs) * 1_000),
  }
}

async function portOf(processor: ProcessorProcess): Promise<number> {
  await processor.logged('facade listening')
  return Number(processor.log.find(({ msg }) => msg === 'facade listening')?.port)
}

/** One process with a backlog of Kafka that also answers HTTP: what each costs the other. */
async function main(seconds: number): Promise<void> {
  const stack = await startLocalStack()
  const kafka = await TestKafka.connect(stack.brokers)
  const topics = await kafka.createTopics()
  for (let at = 0; at < texts; at += 10_000) {
    const batch = Array.from({ length: 10_000 }, (_, i) => ({ id: `${at + i}`, key: `${i % 50}`, text: freshText() }))
    await kafka.produce(topics.input, batch)
  }
  const processor = await new ProcessorProcess({
    ...topics.environment,
    VALENCE_HTTP_ENABLED: 'true',
    VALENCE_HTTP_PORT: '0',
    VALENCE_AUTH_MODE: 'none',
    VALENCE_HTTP_RATE_LIMIT_TEXTS: '0',
    VALENCE_HTTP_RATE_LIMIT_REQUESTS: '0',
  }).started()
  try {
    const url = `http://127.0.0.1:${await portOf(processor)}`
    await wait(5_000)
    // The first requests of a process compile what the later ones use.
    await load(url, { connections: 4, seconds: 3, rate: 20 })
    const seen: { ratio: number; p50: number; p99: number }[] = []
    for (let at = 1; at <= rounds; at++) {
      const alone = await observe(processor, wait(seconds * 1_000))
      const calls = load(url, { connections: 4, seconds, rate: 20 })
      const beside = await observe(processor, calls)
      const ratio = round(beside.recordsPerSecond / alone.recordsPerSecond, 3)
      const { statuses } = await calls
      seen.push({ ratio, p50: statuses[200]?.p50 ?? Number.NaN, p99: statuses[200]?.p99 ?? Number.NaN })
      print(`round ${at}`, { ratio, http: statuses, alone, beside })
    }
    const middle = (of: 'ratio' | 'p50' | 'p99') => round(median(seen.map((result) => result[of])), 3)
    print('median', { ratio: middle('ratio'), p50: middle('p50'), p99: middle('p99') })
    print('left', { records: await kafka.remaining(topics) })
  } finally {
    await processor.kill()
    await kafka.close()
    await stack.stop()
  }
}

await main(Number(process.argv[2] ?? 20))
