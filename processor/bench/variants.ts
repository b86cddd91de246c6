import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { startLocalStack } from '@valence/deploy/local/stack'
import { withoutProtection } from '@valence/testing/faults/protections'
import { resolveModel } from '../src/model/model-location.ts'
import { median } from './measure.ts'
import { type ProcessorBenchOptions, type ProcessorCost, runProcessor } from './processor.ts'
import { resultOptions, writeResults } from './report/results.ts'
import { readTexts } from './texts.ts'

/** What one property of the processor costs: it with, and it without, in turn. The first is what the others are held against. */
const variants: Record<string, Pick<ProcessorBenchOptions, 'format' | 'environment'>> = {
  'exactly once, Avro': {},
  'exactly once, JSON': { format: 'json' },
  // A switch of the tests, not of the product: results are sent and offsets committed outside of any transaction.
  'at least once, Avro': { environment: withoutProtection('transactions') },
  // Set within the process, the variable only tells bin/valence.js that somebody chose; the allocator has started before.
  'exactly once, Avro, allocator as it comes': {
    environment: { NODE_OPTIONS: '--import data:text/javascript,process.env.MALLOC_TRIM_THRESHOLD_=1' },
  },
}

const { values } = parseArgs({
  options: {
    texts: { type: 'string' },
    count: { type: 'string', default: '6000' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    ...resultOptions,
  },
})
if (values.texts === undefined) throw new Error('--texts FILE.jsonl is missing')
const texts = readTexts(values.texts, Number(values.count))
const modelFolder = resolveModel(process.env.VALENCE_MODEL)
const workers = availableParallelism()
const wanted = Object.entries(variants).filter(([name]) => name.includes(values.only))

const costs = new Map<string, ProcessorCost[]>(wanted.map(([name]) => [name, []]))
const stack = await startLocalStack({ parts: ['kafka', 'registry'] })
try {
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [name, variant] of wanted) {
      const cost = await runProcessor({ stack, texts, modelFolder, workers, ...variant })
      costs.get(name)?.push(cost)
      process.stderr.write(`  ${name}: ${((cost.cpuSeconds / texts.length) * 1_000).toFixed(3)} s CPU\n`)
    }
  }
} finally {
  await stack.stop()
}

const results = [...costs].map(([name, all]) => ({
  name,
  textsPerSecond: texts.length / median(all.map(({ wallSeconds }) => wallSeconds)),
  cpuPerThousand: (median(all.map(({ cpuSeconds }) => cpuSeconds)) / texts.length) * 1_000,
}))
const report = { date: new Date().toISOString(), texts: texts.length, rounds: Number(values.rounds), results }
await writeResults('benchmarks-variants', report, values)
for (const { name, textsPerSecond, cpuPerThousand } of results)
  process.stdout.write(
    `${name.padEnd(48)} ${textsPerSecond.toFixed(0).padStart(6)} ${cpuPerThousand.toFixed(3).padStart(8)}\n`,
  )
process.exit(0)
