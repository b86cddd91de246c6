import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { createWorkerPool } from '../src/inference/worker-pool.ts'
import { ActiveModel } from '../src/model/active-model.ts'
import { evaluate, type Judged } from '../src/model/evaluation.ts'
import { loadModel } from '../src/model/load-model.ts'
import { resolveModel } from '../src/model/model-location.ts'
import { MemoryCache } from '../src/scoring/caching/memory-cache.ts'
import { createScorer } from '../src/scoring/create-scorer.ts'
import { resultOptions, writeResults } from './report/results.ts'

/** What a cascade would cost and give: the small model answers where it is sure enough, the full one takes the rest. */
interface Point {
  /** The least confidence at which the small model's answer stands. */
  readonly threshold: number
  /** Share of the texts that the full model has to score as well. */
  readonly referred: number
  /** Throughput over that of the full model alone: 1 / (cost of the small one + share referred). */
  readonly speedup: number
  readonly macroRecall: Readonly<Record<string, number>>
}

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    ratio: { type: 'string' },
    ...resultOptions,
  },
})
if (values.data === undefined || values.ratio === undefined)
  throw new Error('needed: --data FOLDER of labelled JSONL files, --ratio of throughputs as fast-model.ts prints it')

type Example = { readonly text: string; readonly label: string }
type Scores = Readonly<Record<string, number>>

const sets = Object.fromEntries(
  readdirSync(values.data)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => {
      const lines = readFileSync(join(values.data as string, name), 'utf8').split('\n')
      return [basename(name, '.jsonl'), lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Example)]
    }),
)

function open(name: string) {
  const options = { workers: availableParallelism(), timeoutMs: 60_000 }
  return loadModel(resolveModel(name), (graph) => createWorkerPool(graph, options))
}

async function scoreAll(name: string): Promise<Record<string, Scores[]>> {
  const model = await open(name)
  const scorer = createScorer(new ActiveModel(model), { memory: new MemoryCache(2 ** 25) })
  const scored: Record<string, Scores[]> = {}
  for (const [set, examples] of Object.entries(sets)) {
    const verdicts = await scorer.scoreAll(
      examples.map(({ text }) => text),
      { origin: 'kafka' },
    )
    scored[set] = verdicts.map((verdict) => {
      if (verdict.kind !== 'scored') throw verdict.error
      return verdict.sentiment.scores
    })
  }
  await model.close()
  return scored
}

const confidence = (scores: Scores) => Math.max(...Object.values(scores))

function point(
  threshold: number,
  small: Record<string, Scores[]>,
  full: Record<string, Scores[]>,
  ratio: number,
): Point {
  let [referred, all] = [0, 0]
  const macroRecall: Record<string, number> = {}
  for (const [set, examples] of Object.entries(sets)) {
    const judged = examples.map(({ label }, index): Judged => {
      const [quick, slow] = [small[set]?.[index] as Scores, full[set]?.[index] as Scores]
      const isSure = confidence(quick) >= threshold
      all += 1
      if (!isSure) referred += 1
      return { truth: label, scores: isSure ? quick : slow }
    })
    macroRecall[set] = evaluate(['negative', 'neutral', 'positive'], judged).macroRecall
  }
  return { threshold, referred: referred / all, speedup: 1 / (1 / ratio + referred / all), macroRecall }
}

const ratio = Number(values.ratio)
const [full, small] = [await scoreAll('default'), await scoreAll('fast')]
const thresholds = [0, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
const curve = thresholds.map((threshold) => point(threshold, small, full, ratio))
const reference = point(2, small, full, ratio).macroRecall
const report = { date: new Date().toISOString(), ratio, full: reference, curve }
await writeResults('benchmarks-cascade', report, values)
const names = Object.keys(sets)
process.stdout.write(`the small model is ${ratio.toFixed(2)} times as fast\n`)
process.stdout.write(`threshold  referred  speed-up  ${names.join('  ')}   (points against the full model)\n`)
for (const { threshold, referred, speedup, macroRecall } of curve) {
  const losses = names.map((name) =>
    (((macroRecall[name] ?? 0) - (reference[name] ?? 0)) * 100).toFixed(2).padStart(name.length),
  )
  process.stdout.write(
    `${threshold.toFixed(2).padStart(9)}  ${(referred * 100).toFixed(1).padStart(7)}%  ${speedup.toFixed(2).padStart(8)}  ${losses.join('  ')}\n`,
  )
}
process.exit(0)
