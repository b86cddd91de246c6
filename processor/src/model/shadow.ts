import type { Sentiment } from '../domain/sentiment.ts'
import { probabilities, readScores } from '../inference/logits.ts'
import { packTokens } from '../inference/token-batch.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { LoadedModel } from './load-model.ts'

export interface ShadowOptions {
  readonly candidate: LoadedModel
  /** Share of the texts that are sampled, 0 to 1. */
  readonly ratio: number
  /** Maximum waiting texts; further ones are dropped. */
  readonly maxQueued: number
  readonly metrics: Metrics
  /** Uniform, 0 to 1. */
  readonly random?: () => number
}

interface Sample {
  readonly text: string
  readonly sentiment: Sentiment
}

/** Small, so that the candidate occupies a core only briefly. Chosen, not measured: half a batch. */
const batchTexts = 8

/** Total variation distance: 0 identical, 1 disjoint. A label that only one model has counts in full. */
export function distance(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): number {
  const labels = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...labels].reduce((sum, label) => sum + Math.abs(scoreOf(a, label) - scoreOf(b, label)), 0) / 2
}

/** Own properties only: a label may be named `constructor`. */
function scoreOf(scores: Readonly<Record<string, number>>, label: string): number {
  return Object.hasOwn(scores, label) ? (scores[label] ?? 0) : 0
}

/**
 * Scores a sample of live texts with a candidate model and counts how the labels compare. It cannot change a result:
 * texts are offered after they were answered, one batch runs at a time, and texts beyond the queue limit are dropped.
 */
export class Shadow {
  readonly #options: ShadowOptions
  readonly #queue: Sample[] = []
  #running: Promise<void> | undefined
  #closed = false

  constructor(options: ShadowOptions) {
    this.#options = options
  }

  /** Queues the text if it is sampled; returns at once and never throws. */
  offer(text: string, sentiment: Sentiment): void {
    const { ratio, maxQueued, metrics, random = Math.random } = this.#options
    if (this.#closed || random() >= ratio) return
    if (this.#queue.length >= maxQueued) {
      metrics.shadow.texts.inc({ outcome: 'dropped' })
      return
    }
    this.#queue.push({ text, sentiment })
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Drops waiting texts and closes the candidate. */
  async close(): Promise<void> {
    this.#closed = true
    this.#queue.length = 0
    await this.#options.candidate.close({ drain: false })
    await this.#running
  }

  async #run(): Promise<void> {
    // In a later turn: the caller's answer has not been sent yet.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#queue.length > 0) {
      const samples = this.#queue.splice(0, batchTexts)
      await this.#compare(samples).catch(() => {
        if (!this.#closed) this.#options.metrics.shadow.texts.inc({ outcome: 'failed' }, samples.length)
      })
    }
  }

  async #compare(samples: readonly Sample[]): Promise<void> {
    const { candidate, metrics } = this.#options
    const { tokenizer, backend, manifest } = candidate
    const ids = samples.map(({ text }) => tokenizer.encode(text).ids)
    const startedAt = performance.now()
    const logits = await backend.infer(packTokens(ids, manifest.padTokenId))
    metrics.shadow.infer.observe((performance.now() - startedAt) / 1_000)
    // All rows are read before any is counted, so a failed batch counts nothing.
    const read = samples.map((_, row) =>
      readScores(probabilities(logits, row, manifest.labels.length, manifest.calibration), manifest.labels),
    )
    samples.forEach(({ sentiment }, row) => {
      const { label, scores } = read[row] as (typeof read)[number]
      metrics.shadow.texts.inc({ outcome: label === sentiment.label ? 'agreed' : 'differed' })
      metrics.shadow.labels.inc({ active: sentiment.label, candidate: label })
      metrics.shadow.distance.observe(distance(sentiment.scores, scores))
    })
  }
}
