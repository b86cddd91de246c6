import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startLocalStack } from '@valence/deploy/local/stack'
import { TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { ProcessorProcess } from '@valence/testing/processes/processor-process'
import { OtlpReceiver } from '@valence/testing/telemetry/otlp-receiver'
import { resolveModel } from '../src/model/model-location.ts'
import { median } from './measure.ts'
import { type OverheadReport, overheadLines } from './overhead/lines.ts'
import { resultOptions, writeResults } from './report/results.ts'
import { readTexts } from './texts.ts'

/** What metrics and traces cost: processors that differ in nothing else work off the same number of texts in turn. */
const usage = 'node processor/bench/overhead.ts [--seconds 200] [--texts-per-round 1500] [--json out.json] [--publish]'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const scrapeMs = 5_000

interface Contestant {
  readonly name: 'without' | 'metrics' | 'traces'
  readonly topics: TestTopics
  readonly processor: ProcessorProcess
  readonly cpuSeconds: number[]
  readonly wallSeconds: number[]
}

function options() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '200' },
      'texts-per-round': { type: 'string', default: '1500' },
      ...resultOptions,
      help: { type: 'boolean' },
    },
  })
  if (values.help) {
    process.stdout.write(`${usage}\n`)
    process.exit(0)
  }
  return { ...values, seconds: Number(values.seconds), perRound: Number(values['texts-per-round']) }
}

/** CPU seconds of a process, all of its threads, as the kernel counts them in hundredths. */
async function cpuOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The name of the process may hold spaces; what follows its bracket does not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

const sample = readTexts(join(repository, 'deploy/local/demo/sample.jsonl'))
let invented = 0

/** Texts that nobody has seen before, so that no cache helps. */
function inventRound(count: number) {
  return Array.from({ length: count }, () => {
    const number = invented++
    return { id: `t${number}`, key: `t${number}`, text: `${sample[number % sample.length]} ${number}` }
  })
}

async function runRound(
  kafka: TestKafka,
  { topics, processor, cpuSeconds, wallSeconds }: Contestant,
  perRound: number,
) {
  const texts = inventRound(perRound)
  const before = await cpuOf(processor.pid)
  const start = performance.now()
  await kafka.produce(topics.input, texts, ({ id, text }) => JSON.stringify({ id, text }))
  await kafka.drained(topics)
  wallSeconds.push((performance.now() - start) / 1_000)
  cpuSeconds.push((await cpuOf(processor.pid)) - before)
}

/** Of the ratios of rounds that were run one after the other, so that a noisy minute hits both. */
function compare(
  all: readonly Contestant[],
  name: Contestant['name'],
  base: Contestant['name'],
  of: 'cpuSeconds' | 'wallSeconds',
) {
  const [own, other] = [name, base].map((wanted) => all.find((contestant) => contestant.name === wanted)?.[of] ?? [])
  const ratios = (own ?? []).map((value, round) => value / (other?.[round] ?? Number.NaN)).sort((a, b) => a - b)
  const at = (share: number) => ratios[Math.round(share * (ratios.length - 1))] ?? Number.NaN
  return { median: median(ratios), p25: at(0.25), p75: at(0.75) }
}

const { perRound, seconds, ...given } = options()
await using receiver = await OtlpReceiver.start()
const stack = await startLocalStack({ parts: ['kafka'] })
const kafka = await TestKafka.connect(stack.brokers)

async function enter(name: Contestant['name'], settings: Record<string, string>): Promise<Contestant> {
  const topics = await kafka.createTopics({ partitions: 6 })
  const processor = await new ProcessorProcess({
    ...topics.environment,
    VALENCE_MODEL: resolveModel(process.env.VALENCE_MODEL),
    ...settings,
  }).started()
  return { name, topics, processor, cpuSeconds: [], wallSeconds: [] }
}

const preload = new URL('./no-metrics.preload.ts', import.meta.url).href
const tracing = {
  ...receiver.environment,
  OTEL_BSP_SCHEDULE_DELAY: '5000',
  OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
  OTEL_TRACES_SAMPLER_ARG: '0.01',
}
const contestants = [
  await enter('without', { NODE_OPTIONS: `--import ${preload}` }),
  await enter('metrics', {}),
  await enter('traces', tracing),
]
// All are asked alike; the one without metrics has next to nothing to answer.
const scraping = setInterval(() => {
  for (const { processor } of contestants) processor.scrape().catch(() => undefined)
}, scrapeMs)

try {
  for (const contestant of contestants) {
    // The first round warms code and memory up and does not count.
    await runRound(kafka, contestant, perRound)
    contestant.cpuSeconds.length = 0
    contestant.wallSeconds.length = 0
  }
  const until = performance.now() + seconds * 1_000
  for (let round = 0; performance.now() < until; round += 1) {
    // Who begins changes, because the broker's work of one round reaches into the next.
    const order = contestants.map((_, index) => contestants[(index + round) % contestants.length] as Contestant)
    for (const contestant of order) await runRound(kafka, contestant, perRound)
  }
} finally {
  clearInterval(scraping)
}
const rounds = contestants[0]?.cpuSeconds.length ?? 0
const report: OverheadReport = {
  date: new Date().toISOString(),
  machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version },
  rounds,
  textsPerRound: perRound,
  scrapeSeconds: scrapeMs / 1_000,
  spans: receiver.spans.length,
  contestants: contestants.map(({ name, cpuSeconds, wallSeconds }) => ({
    name,
    cpuPerThousand: (median(cpuSeconds) / perRound) * 1_000,
    textsPerSecond: perRound / median(wallSeconds),
    cpuSeconds,
    wallSeconds,
  })),
  metrics: {
    cpu: compare(contestants, 'metrics', 'without', 'cpuSeconds'),
    wall: compare(contestants, 'metrics', 'without', 'wallSeconds'),
  },
  traces: {
    cpu: compare(contestants, 'traces', 'metrics', 'cpuSeconds'),
    wall: compare(contestants, 'traces', 'metrics', 'wallSeconds'),
  },
}
for (const { processor } of contestants) await processor.stop()
await kafka.close()
await stack.stop()
await writeResults('overhead', report, given)
process.stdout.write(`${overheadLines(report)}\n${report.spans} spans received\n`)
