/**
 * The two packaged models in turn, in one process and on the same texts, so that a noisy minute hits both:
 * node processor/bench/fast-model.ts --texts FILE.jsonl [--count 2000] [--rounds 5] [--workers 2]
 */
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { createWorkerPool } from '../src/inference/worker-pool.ts'
import { type LoadedModel, loadModel } from '../src/model/load-model.ts'
import { resolveModel } from '../src/model/model-location.ts'
import { runCeiling } from './ceiling.ts'
import { runEngine } from './engine.ts'
import { type Cost, median } from './measure.ts'
import { readTexts } from './texts.ts'

const bounds = { maxTexts: 16, maxTokens: 256 }
const { values } = parseArgs({
  options: {
    texts: { type: 'string' },
    count: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '5' },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
})
if (values.texts === undefined) throw new Error('--texts FILE.jsonl is needed')
const texts = readTexts(values.texts, Number(values.count))
const workers = Number(values.workers)

interface Contestant {
  readonly name: string
  readonly model: LoadedModel
  readonly loop: Cost[]
  readonly engine: Cost[]
}

async function open(name: string): Promise<Contestant> {
  const model = await loadModel(resolveModel(name), (graph) => createWorkerPool(graph, { workers, timeoutMs: 60_000 }))
  return { name, model, loop: [], engine: [] }
}

async function runOnce({ model, loop, engine }: Contestant, counts: boolean): Promise<void> {
  const rows = texts.map((text) => model.tokenizer.encode(text).ids)
  const bare = await runCeiling(model.backend, rows, model.manifest.padTokenId, bounds)
  const { cost } = await runEngine(model, { texts, bounds })
  if (!counts) return
  loop.push(bare)
  engine.push(cost)
}

const contestants = [await open('default'), await open('fast')]
// The first round warms code and memory up.
for (let round = 0; round <= Number(values.rounds); round++) {
  for (const contestant of contestants) await runOnce(contestant, round > 0)
}

type Part = 'loop' | 'engine'
const perSecond = (costs: readonly Cost[]) => texts.length / median(costs.map(({ wallSeconds }) => wallSeconds))

/** How many times what the fast model takes the default one takes, round by round. */
function ratios(part: Part, of: 'wallSeconds' | 'cpuSeconds'): number[] {
  const [slow, fast] = contestants.map((contestant) => contestant[part].map((cost) => cost[of]))
  return (slow ?? []).map((seconds, round) => seconds / (fast?.[round] ?? Number.NaN))
}

process.stdout.write(
  `${texts.length} texts, ${workers} workers, ${values.rounds} rounds in turn, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}\n`,
)
for (const part of ['loop', 'engine'] as const) {
  const rates = contestants.map((contestant) => `${contestant.name} ${perSecond(contestant[part]).toFixed(0)}`)
  const [wall, cpu] = [ratios(part, 'wallSeconds'), ratios(part, 'cpuSeconds')]
  process.stdout.write(
    `${part === 'loop' ? 'bare loop' : 'engine'}: ${rates.join(', ')} texts/s; default over fast ${median(wall).toFixed(2)} by the clock (rounds ${wall.map((ratio) => ratio.toFixed(2)).join(' ')}), ${median(cpu).toFixed(2)} by CPU time\n`,
  )
}
for (const { model } of contestants) await model.close()
