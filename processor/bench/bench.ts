import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startLocalStack } from '@valence/deploy/local/stack'
import { createWorkerPool } from '../src/inference/worker-pool.ts'
import { loadModel } from '../src/model/load-model.ts'
import { resolveModel } from '../src/model/model-location.ts'
import { runCeiling } from './ceiling.ts'
import { benchEngine } from './engine.ts'
import { describeMachine } from './machine.ts'
import { type Cost, median } from './measure.ts'
import { type ProcessorCost, runProcessor } from './processor.ts'
import { resultOptions, writeResults } from './report/results.ts'
import { readTexts } from './texts.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const bounds = { maxTexts: 16, maxTokens: 256 }

function options() {
  const { values } = parseArgs({
    options: {
      texts: { type: 'string' },
      ...resultOptions,
      count: { type: 'string', default: '3000' },
      rounds: { type: 'string', default: '3' },
      workers: { type: 'string', default: String(availableParallelism()) },
    },
  })
  return { ...values, count: Number(values.count), rounds: Number(values.rounds), workers: Number(values.workers) }
}

/** The texts of the file; the bundled sample is stretched by numbering, because caches must not help. */
function benchTexts(path: string | undefined, count: number): string[] {
  if (path !== undefined) return readTexts(path, count)
  const sample = readTexts(join(repository, 'deploy/local/demo/sample.jsonl'))
  return Array.from({ length: count }, (_, index) => `${sample[index % sample.length]} ${index}`)
}

const cpuPerThousand = (costs: readonly (Cost | ProcessorCost)[], texts: number) =>
  (median(costs.map(({ cpuSeconds }) => cpuSeconds)) / texts) * 1_000

const perSecond = (costs: readonly (Cost | ProcessorCost)[], texts: number) =>
  texts / median(costs.map(({ wallSeconds }) => wallSeconds))

/** The bare loop and the whole processor in turn, so that a noisy minute hits both. */
async function alternate(modelFolder: string, texts: readonly string[], rounds: number, workers: number) {
  const stack = await startLocalStack({ parts: ['kafka', 'registry'] })
  const ceiling: Cost[] = []
  const processor: ProcessorCost[] = []
  try {
    for (let round = 0; round < rounds; round += 1) {
      const model = await loadModel(modelFolder, (graph) => createWorkerPool(graph, { workers, timeoutMs: 60_000 }))
      const rows = texts.map((text) => model.tokenizer.encode(text).ids)
      ceiling.push(await runCeiling(model.backend, rows, model.manifest.padTokenId, bounds))
      await model.close()
      processor.push(await runProcessor({ stack, texts, modelFolder, workers }))
      process.stderr.write(`round ${round + 1} of ${rounds} done\n`)
    }
  } finally {
    await stack.stop()
  }
  return { ceiling, processor }
}

const { texts: path, count, rounds, workers, ...given } = options()
const texts = benchTexts(path, count)
const modelFolder = resolveModel(process.env.VALENCE_MODEL)
const engine = await benchEngine({ texts, modelFolder, workers, rounds, bounds })
const { ceiling, processor } = await alternate(modelFolder, texts, rounds, workers)
const report = {
  date: new Date().toISOString(),
  machine: await describeMachine(),
  texts: texts.length,
  tokensPerText: engine.tokensPerText,
  tokens: engine.tokens,
  workers,
  rounds,
  ceiling: { textsPerSecond: perSecond(ceiling, texts.length), cpuPerThousand: cpuPerThousand(ceiling, texts.length) },
  engine: { overhead: engine.overhead, padding: engine.padding },
  processor: {
    textsPerSecond: perSecond(processor, texts.length),
    cpuPerThousand: cpuPerThousand(processor, texts.length),
    overhead: cpuPerThousand(processor, texts.length) / cpuPerThousand(ceiling, texts.length),
    eventLoopDelayP99Ms: median(processor.map(({ eventLoopDelayP99Ms }) => eventLoopDelayP99Ms)),
    rssMiB: median(processor.map(({ rssBytes }) => rssBytes)) / 2 ** 20,
  },
  runs: { ceiling, engine: engine.engine, processor },
}

const line = (name: string, value: number, digits: number) =>
  `  ${name.padEnd(44)} ${value.toFixed(digits).padStart(9)}`
process.stdout.write(
  `${[
    `${texts.length} distinct texts, ${report.tokensPerText.toFixed(1)} tokens each, ${workers} workers, ${rounds} rounds, ${report.machine.cpu}`,
    line('ceiling: bare loop, texts/s', report.ceiling.textsPerSecond, 0),
    line('processor: exactly once, Avro, texts/s', report.processor.textsPerSecond, 0),
    line('ceiling: CPU seconds per 1,000 texts', report.ceiling.cpuPerThousand, 3),
    line('processor: CPU seconds per 1,000 texts', report.processor.cpuPerThousand, 3),
    line('overhead of the engine (CPU ratio)', report.engine.overhead, 3),
    line('overhead of the processor (CPU ratio)', report.processor.overhead, 3),
    line('event-loop delay p99 while saturated, ms', report.processor.eventLoopDelayP99Ms, 1),
    line('resident memory, MiB', report.processor.rssMiB, 0),
  ].join('\n')}\n`,
)
await writeResults('benchmarks', report, given)
process.exit(0)
