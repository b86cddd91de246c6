import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { createMetrics, type Metrics } from '../src/observability/metrics.ts'
import { createCommitStep, type Publication } from '../src/pipeline/commit.ts'
import { measureCommit } from '../src/pipeline/step-metrics.ts'
import { meterScoring } from '../src/scoring/scoring-metrics.ts'

// What the calls of the metrics cost per text: the same counting of a transaction, once into real metrics and once into
// metrics that do nothing. The least of many runs, because a busy machine can only make one longer. Scrapes are not in it.
const texts = 256
const textsPerBatch = 12
const runs = 3_000
const from = { topic: 'sentiment.texts.v1', partition: 3 }
const model = { name: 'valence-minilm-l6', version: '0.1.0', sha256: '0123456789ab' }
const sentiment = {
  label: 'positive',
  scores: { negative: 0.1, neutral: 0.2, positive: 0.7 },
  valence: 0.6,
  model,
  tokens: 28,
  truncated: false,
}

function silenced(): Metrics {
  const metrics = createMetrics()
  const nothing = () => undefined
  const { registry: _, ...areas } = metrics
  for (const metric of Object.values(areas).flatMap((area) => Object.values(area as object))) {
    Object.assign(metric, { inc: nothing, set: nothing, observe: nothing, startTimer: () => nothing })
  }
  return metrics
}

const records = Array.from({ length: texts }, (_, offset) => kafkaRecord(offset))
const verdicts = records.map(() => ({ kind: 'scored' as const, sentiment }))
const publication = {
  from,
  slice: { records, nextOffset: BigInt(texts) },
  outgoing: [],
  outcomes: records.map((record, index) => ({
    kind: 'scored' as const,
    record,
    event: { id: `t${index}`, text: 'x', occurredAt: 1_700_000_000_000, source: 'reviews', lang: null, attributes: {} },
    sentiment,
  })),
} as unknown as Publication

/** As the engine and the pipeline count one transaction. */
function createCounting(metrics: Metrics): () => Promise<void> {
  const commit = measureCommit(createCommitStep(), { metrics, now: Date.now })
  const observer = meterScoring(metrics)
  const session = { publish: async () => undefined } as unknown as Parameters<typeof commit>[0]
  const { pipeline } = metrics
  return async () => {
    const phases = [pipeline.decode, pipeline.score, pipeline.encode].map((phase) => phase.startTimer())
    observer.cacheLookup?.('memory', 'miss', texts)
    observer.cacheLookup?.('shared', 'miss', texts)
    for (let text = 0; text < texts; text += 1) {
      if (text % textsPerBatch === 0) {
        observer.queueDepth?.('kafka', text)
        observer.tokenized?.(1)
        observer.batchClosed?.({
          cause: 'tokens',
          origin: 'kafka',
          texts: textsPerBatch,
          tokens: 220,
          paddedTokens: 224,
        })
        metrics.inference.infer.observe(0.01)
      }
      observer.queueDepth?.('kafka', text)
      observer.queued?.('kafka', 12)
    }
    observer.verdicts?.('kafka', verdicts)
    await commit(session, publication)
    for (const end of phases) end()
  }
}

const contestants = [createCounting(createMetrics()), createCounting(silenced())].map((count) => ({
  count,
  least: Number.POSITIVE_INFINITY,
}))
for (let run = 0; run < runs; run += 1) {
  for (const contestant of contestants) {
    const start = performance.now()
    await contestant.count()
    contestant.least = Math.min(contestant.least, performance.now() - start)
  }
}
const [real = Number.NaN, none = Number.NaN] = contestants.map(({ least }) => (least * 1_000) / texts)
const benchmarks = fileURLToPath(new URL('../../docs/lab/benchmarks.json', import.meta.url))
const { processor } = JSON.parse(await readFile(benchmarks, 'utf8')) as { processor: { cpuPerThousand: number } }
const share = (real - none) / (processor.cpuPerThousand * 1_000)
process.stdout.write(
  `${(real - none).toFixed(2)} µs per text (${real.toFixed(2)} less ${none.toFixed(2)}): ${(100 * share).toFixed(2)} % of the ${processor.cpuPerThousand.toFixed(3)} ms CPU that a text costs\n`,
)
