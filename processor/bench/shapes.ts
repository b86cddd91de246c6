import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { startLocalStack } from '@valence/deploy/local/stack'
import { createInProcessBackend } from '../src/inference/in-process-backend.ts'
import { loadModel } from '../src/model/load-model.ts'
import { resolveModel } from '../src/model/model-location.ts'
import { type ProcessorBenchOptions, runProcessor } from './processor.ts'
import { resultOptions, writeResults } from './report/results.ts'
import { readTexts } from './texts.ts'

/** One processor on backlogs of other shapes: cores, partitions, lengths, repetitions, sizes of the backlog. */
interface Shape extends Pick<ProcessorBenchOptions, 'texts' | 'partitions' | 'behind' | 'core'> {
  readonly name: string
  /** One for each core, when absent. */
  readonly workers?: number
}

const { values } = parseArgs({
  options: {
    texts: { type: 'string' },
    count: { type: 'string', default: '3000' },
    behind: { type: 'string', default: '10000000' },
    only: { type: 'string', default: '' },
    ...resultOptions,
  },
})
if (values.texts === undefined) throw new Error('--texts FILE.jsonl is missing')
const count = Number(values.count)
const behind = Number(values.behind)
const short = readTexts(values.texts)

/** Six in a row as one. */
const long = Array.from({ length: count / 6 }, (_, index) => short.slice(index * 6, index * 6 + 6).join(' '))

/** So many texts, of which a share has come before. */
function repeating(total: number, share: number): string[] {
  const distinct = Math.max(1, Math.round(total * (1 - share)))
  return Array.from({ length: total }, (_, index) => short[index % distinct] as string)
}

const shapes: Shape[] = [
  { name: '1 core', texts: short.slice(0, 2 * count), core: 0, workers: 1 },
  { name: `${availableParallelism()} cores`, texts: short.slice(0, 2 * count) },
  ...[1, 6, 32, 128].map((partitions) => ({
    name: `${partitions} partitions`,
    texts: short.slice(0, count),
    partitions,
  })),
  { name: 'long texts', texts: long },
  ...[0.5, 0.9].map((share) => ({ name: `${share * 100} % repeated`, texts: repeating(count, share) })),
  { name: 'all repeated', texts: repeating(count * 10, 1) },
  ...[1, 4, 8].map((times) => ({ name: `backlog of ${times * count}`, texts: short.slice(0, times * count) })),
  {
    name: `${8 * count} of ${behind.toLocaleString('en')}`,
    texts: short.slice(0, 8 * count),
    behind: { count: behind, texts: short.slice(8 * count) },
  },
]

const modelFolder = resolveModel(process.env.VALENCE_MODEL)
const model = await loadModel(modelFolder, createInProcessBackend)
const tokensOf = (texts: readonly string[]) =>
  texts.reduce((sum, text) => sum + model.tokenizer.encode(text).ids.length, 0) / texts.length

const stack = await startLocalStack({ parts: ['kafka'] })
const rows: object[] = []
try {
  for (const { name, workers = availableParallelism(), ...shape } of shapes) {
    if (!name.includes(values.only)) continue
    const cost = await runProcessor({ stack, modelFolder, workers, format: 'json', ...shape })
    const row = {
      name,
      texts: cost.texts,
      tokensPerText: tokensOf(shape.texts),
      textsPerSecond: cost.texts / cost.wallSeconds,
      cpuPerThousand: (cost.cpuSeconds / cost.texts) * 1_000,
      rssMiB: cost.rssBytes / 2 ** 20,
    }
    rows.push(row)
    process.stdout.write(`${JSON.stringify(row)}\n`)
  }
} finally {
  await stack.stop()
}
await writeResults('benchmarks-shapes', { date: new Date().toISOString(), rows }, values)
process.exit(0)
