import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startLocalStack } from '../../deploy/local/stack.ts'
import { createInProcessBackend } from '../src/inference/in-process-backend.ts'
import { loadModel } from '../src/model/load-model.ts'
import { resolveModel } from '../src/model/model-location.ts'
import { runProcessor } from './processor.ts'
import { readTexts } from './texts.ts'

/** One processor on backlogs of other shapes: partitions, lengths, repetitions, sizes of the backlog. */
interface Shape {
  readonly name: string
  readonly texts: readonly string[]
  readonly partitions?: number
}

const { values } = parseArgs({
  options: {
    texts: { type: 'string' },
    count: { type: 'string', default: '3000' },
    only: { type: 'string', default: '' },
    json: { type: 'string', default: fileURLToPath(new URL('../../docs/benchmarks-shapes.json', import.meta.url)) },
  },
})
if (values.texts === undefined) throw new Error('--texts FILE.jsonl is missing')
const count = Number(values.count)
const short = readTexts(values.texts)

/** Six in a row as one. */
const long = Array.from({ length: count / 6 }, (_, index) => short.slice(index * 6, index * 6 + 6).join(' '))

/** So many texts, of which a share has come before. */
function repeating(total: number, share: number): string[] {
  const distinct = Math.max(1, Math.round(total * (1 - share)))
  return Array.from({ length: total }, (_, index) => short[index % distinct] as string)
}

const shapes: Shape[] = [
  ...[1, 6, 32, 128].map((partitions) => ({
    name: `${partitions} partitions`,
    texts: short.slice(0, count),
    partitions,
  })),
  { name: 'long texts', texts: long },
  ...[0.5, 0.9].map((share) => ({ name: `${share * 100} % repeated`, texts: repeating(count, share) })),
  { name: 'all repeated', texts: repeating(count * 10, 1) },
  ...[1, 4, 8].map((times) => ({ name: `backlog of ${times * count}`, texts: short.slice(0, times * count) })),
]

const modelFolder = resolveModel(process.env.VALENCE_MODEL)
const model = await loadModel(modelFolder, createInProcessBackend)
const tokensOf = (texts: readonly string[]) =>
  texts.reduce((sum, text) => sum + model.tokenizer.encode(text).ids.length, 0) / texts.length

const stack = await startLocalStack({ parts: ['kafka'] })
const rows: object[] = []
try {
  for (const { name, texts, partitions } of shapes.filter(({ name }) => name.includes(values.only))) {
    const options = { stack, texts, modelFolder, workers: availableParallelism(), format: 'json' } as const
    const cost = await runProcessor({ ...options, ...(partitions !== undefined && { partitions }) })
    const row = {
      name,
      texts: texts.length,
      tokensPerText: tokensOf(texts),
      textsPerSecond: texts.length / cost.wallSeconds,
      cpuPerThousand: (cost.cpuSeconds / texts.length) * 1_000,
      rssMiB: cost.rssBytes / 2 ** 20,
    }
    rows.push(row)
    process.stdout.write(`${JSON.stringify(row)}\n`)
  }
} finally {
  await stack.stop()
}
await writeFile(values.json, `${JSON.stringify({ date: new Date().toISOString(), rows }, null, 2)}\n`)
process.exit(0)
