import { createWorkerPool } from '../src/inference/worker-pool.ts'
import { ActiveModel } from '../src/model/active-model.ts'
import { type LoadedModel, loadModel } from '../src/model/load-model.ts'
import { createMetrics } from '../src/observability/metrics.ts'
import { MemoryCache } from '../src/scoring/caching/memory-cache.ts'
import { createScorer } from '../src/scoring/create-scorer.ts'
import { meterScoring } from '../src/scoring/scoring-metrics.ts'
import { type BatchBounds, runCeiling } from './ceiling.ts'
import { type Cost, measure, median } from './measure.ts'
import { type LengthStep, tokenLengths } from './token-lengths.ts'

interface EngineTexts {
  readonly texts: readonly string[]
  readonly bounds?: BatchBounds
  /** Callers at the same time, like partitions, and the texts of one call, like the records of a transaction. */
  readonly callers?: number
  readonly textsPerCall?: number
}

export interface EngineBenchOptions extends EngineTexts {
  readonly modelFolder: string
  readonly workers: number
  /** Alternating rounds of each contestant. */
  readonly rounds: number
}

export interface EngineBench {
  readonly texts: number
  readonly tokensPerText: number
  readonly tokens: readonly LengthStep[]
  readonly ceiling: readonly Cost[]
  readonly engine: readonly Cost[]
  /** Padded tokens over real ones, in the engine's batches. */
  readonly padding: number
  /** Median CPU seconds of the engine over those of the ceiling. */
  readonly overhead: number
}

const defaultBounds: BatchBounds = { maxTexts: 16, maxTokens: 256 }

/** The engine as the processor runs it: metrics on, an empty cache of its own, texts from several callers at once. */
export async function runEngine(model: LoadedModel, options: EngineTexts) {
  const { texts, bounds = defaultBounds, callers = 6, textsPerCall = 256 } = options
  const memory = new MemoryCache(32 * 1024 * 1024)
  const metrics = createMetrics()
  const observer = meterScoring(metrics, memory)
  let [real, padded] = [0, 0]
  const scorer = createScorer(new ActiveModel(model), {
    limits: bounds,
    memory,
    observer: {
      ...observer,
      batchClosed(batch) {
        real += batch.tokens
        padded += batch.paddedTokens
        observer.batchClosed?.(batch)
      },
    },
  })
  const cost = await measure(async () => {
    let next = 0
    async function caller(): Promise<void> {
      while (next < texts.length) {
        const slice = texts.slice(next, next + textsPerCall)
        next += slice.length
        const verdicts = await scorer.scoreAll(slice, { origin: 'kafka' })
        const failure = verdicts.find(({ kind }) => kind !== 'scored')
        if (failure && failure.kind !== 'scored') throw failure.error
      }
    }
    await Promise.all(Array.from({ length: callers }, caller))
  })
  return { cost, padding: padded / real }
}

/** Measures engine and ceiling in turn, on one pool of workers and the same texts. */
export async function benchEngine(options: EngineBenchOptions): Promise<EngineBench> {
  const { texts, modelFolder, workers, rounds, bounds = defaultBounds } = options
  const model = await loadModel(modelFolder, (graph) => createWorkerPool(graph, { workers, timeoutMs: 60_000 }))
  try {
    const rows = texts.map((text) => model.tokenizer.encode(text).ids)
    const ceiling: Cost[] = []
    const engine: Cost[] = []
    let padding = 0
    // The first round of each warms code and memory up and does not count.
    for (let round = 0; round <= rounds; round++) {
      const bare = await runCeiling(model.backend, rows, model.manifest.padTokenId, bounds)
      const whole = await runEngine(model, options)
      padding = whole.padding
      if (round === 0) continue
      ceiling.push(bare)
      engine.push(whole.cost)
    }
    const tokens = rows.reduce((sum, { length }) => sum + length, 0)
    const cpu = (costs: readonly Cost[]) => median(costs.map(({ cpuSeconds }) => cpuSeconds))
    return {
      texts: texts.length,
      tokensPerText: tokens / texts.length,
      tokens: tokenLengths(rows.map(({ length }) => length)),
      ceiling,
      engine,
      padding,
      overhead: cpu(engine) / cpu(ceiling),
    }
  } finally {
    await model.close()
  }
}
