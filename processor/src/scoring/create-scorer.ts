import { checkText, isValenceError, ValenceError } from '@valence/schemas'
import { failed, scored, type Verdict } from '../domain/verdict.ts'
import type { ActiveModel } from '../model/active-model.ts'
import type { LoadedModel } from '../model/load-model.ts'
import { doneOrAborted } from '../platform/abort.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import type { BatchLimits } from './batching/batch-policy.ts'
import { MicroBatcher } from './batching/micro-batcher.ts'
import { WaitGroup } from './batching/wait-group.ts'
import { CacheLevels } from './caching/cache-levels.ts'
import type { MemoryCache } from './caching/memory-cache.ts'
import { cacheKey, type ScoreCache } from './caching/score-cache.ts'
import { EventLoopSlices } from './scheduling/event-loop-slices.ts'
import type { OriginWeights } from './scheduling/fair-share.ts'
import { FifoMutex } from './scheduling/fifo-mutex.ts'
import type { ScoreOptions, ScoreOrigin, Scorer } from './scorer.ts'
import type { ScoringObserver } from './scoring-observer.ts'
import { type TextScore, toSentiment } from './text-score.ts'

export interface ScorerOptions {
  readonly limits?: Partial<BatchLimits>
  /** Texts that may wait for a batch, per origin. HTTP texts beyond it are refused, the others' callers wait. */
  readonly queueTexts?: Partial<Record<ScoreOrigin, number>>
  /** Shares of the tokens while several origins have work. */
  readonly weights?: Partial<OriginWeights>
  readonly memory?: MemoryCache | undefined
  readonly shared?: ScoreCache | undefined
  readonly observer?: ScoringObserver
  readonly clock?: Clock
}

/** Measured: texts and tokens in decision 5, tokens beside HTTP in decision 8. The age was chosen, not measured. */
const defaultLimits: BatchLimits = {
  maxTexts: 16,
  maxTokens: 256,
  maxTokensBesideHttp: 192,
  maxAgeMs: 2,
}
/** Chosen, not measured: 64 full batches for HTTP, 32 for the others, whose callers wait outside. */
const defaultQueueTexts: Record<ScoreOrigin, number> = { http: 1_024, cli: 512, kafka: 512 }
const defaultWeights: OriginWeights = { http: 4, cli: 1, kafka: 1 }

/** Texts are looked up in the caches in chunks of this many. Chosen, not measured: eight full batches. */
const chunkTexts = 128
/** Longest time that tokenizing blocks the event loop. Chosen, not measured: less than half of a full batch's 10 ms. */
const sliceMs = 4
/** Calls with at most this many texts do not wait behind callers with thousands. Chosen, not measured: half a batch. */
const fewTexts = 8

/** A text that was checked, with its cache key under the model of its look-up. */
interface Query {
  readonly at: number
  readonly text: string
  readonly key: string
}

class BatchingScorer implements Scorer {
  readonly #models: ActiveModel
  readonly #options: ScorerOptions
  readonly #clock: Clock
  readonly #observer: ScoringObserver
  readonly #caches: CacheLevels
  readonly #turns = new EventLoopSlices(sliceMs)
  readonly #lines = { cli: new FifoMutex(), kafka: new FifoMutex() }
  /** Each model has a batcher of its own: a batch, its keys and its results belong to one model from start to end. */
  readonly #batchers = new Map<LoadedModel, MicroBatcher>()

  constructor(models: ActiveModel, options: ScorerOptions) {
    this.#models = models
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#observer = options.observer ?? {}
    this.#caches = new CacheLevels({ ...options, observer: this.#observer })
    models.onRetire((model) => this.#retire(model))
    this.#batcher()
  }

  async score(text: string, options: ScoreOptions): Promise<Verdict> {
    const [verdict] = await this.scoreAll([text], options)
    return verdict as Verdict
  }

  async scoreAll(texts: readonly string[], options: ScoreOptions): Promise<Verdict[]> {
    const verdicts: (Verdict | undefined)[] = new Array(texts.length).fill(undefined)
    const filling = this.#fill(verdicts, texts, options)
    // With every score in memory, `verdicts` is complete here and there is nothing to wait for.
    await (verdicts.includes(undefined) ? doneOrAborted(filling, options.signal) : filling)
    const final = verdicts.map((verdict) => verdict ?? failed(new ValenceError('VAL_REQUEST_ABANDONED')))
    this.#observer.verdicts?.(options.origin, final)
    return final
  }

  async #fill(verdicts: (Verdict | undefined)[], texts: readonly string[], options: ScoreOptions): Promise<void> {
    const underWay = new WaitGroup()
    const line = texts.length > fewTexts && options.origin !== 'http' ? this.#lines[options.origin] : undefined
    const entered = line?.enter(options.signal) ?? true
    if (!(entered instanceof Promise ? await entered : entered)) return
    try {
      await this.#putIn(verdicts, texts, options, underWay)
    } finally {
      line?.leave()
    }
    await underWay.whenZero()
  }

  /** Looks the texts up, and puts those without a score in a batcher as there is room. */
  async #putIn(
    verdicts: (Verdict | undefined)[],
    texts: readonly string[],
    options: ScoreOptions,
    underWay: WaitGroup,
  ): Promise<void> {
    const needsTurns = texts.length > fewTexts
    // Checked again after each wait: another caller may have taken the room in between.
    const admission = () => this.#admission(options, needsTurns)
    for (let start = 0; start < texts.length; start += chunkTexts) {
      const model = this.#models.current()
      const queries = this.#check(verdicts, texts.slice(start, start + chunkTexts), start, model)
      const found = this.#caches.getMany(queries.map(({ key }) => key))
      const known = found instanceof Promise ? await found : found
      for (const [index, query] of queries.entries()) {
        const score = known[index]
        if (score) {
          verdicts[query.at] = verdictOf(score, model)
          continue
        }
        for (let wait = admission(); wait; wait = admission()) await wait
        if (options.signal?.aborted) return
        underWay.begin()
        this.#infer(query, model, options, (verdict) => {
          verdicts[query.at] = verdict
          underWay.end()
        })
      }
    }
  }

  /** Rejects texts that cannot be scored; returns the others with their cache keys. */
  #check(verdicts: (Verdict | undefined)[], texts: readonly string[], start: number, model: LoadedModel): Query[] {
    return texts.flatMap((raw, index) => {
      try {
        const text = checkText(raw)
        return [{ at: start + index, text, key: cacheKey(model.fingerprint, text) }]
      } catch (error) {
        if (!isValenceError(error)) throw error
        verdicts[start + index] = failed(error)
        return []
      }
    })
  }

  /** What this caller has to wait for before the next text: its turn and, but for HTTP, room in the queue. */
  #admission({ origin, signal }: ScoreOptions, needsTurns: boolean): Promise<void> | undefined {
    if (signal?.aborted) return undefined
    if (needsTurns && this.#turns.isOver) return this.#turns.next()
    return origin === 'http' || this.#batcher().hasRoom(origin) ? undefined : this.#batcher().room(origin, signal)
  }

  #infer(query: Query, lookedUp: LoadedModel, options: ScoreOptions, answer: (verdict: Verdict) => void): void {
    // The model may have been swapped since the look-up.
    const model = this.#models.current()
    const key = model === lookedUp ? query.key : cacheKey(model.fingerprint, query.text)
    const submission = { text: query.text, key, traceContext: options.traceContextOf?.(query.at) }
    this.#batcher().submit(submission, options, (outcome) => {
      if (isValenceError(outcome)) return answer(failed(outcome))
      this.#caches.set(key, outcome)
      answer(verdictOf(outcome, model))
    })
  }

  #batcher(): MicroBatcher {
    const model = this.#models.current()
    const known = this.#batchers.get(model)
    if (known) return known
    const batcher = new MicroBatcher(model, {
      limits: { ...defaultLimits, ...this.#options.limits },
      queueTexts: { ...defaultQueueTexts, ...this.#options.queueTexts },
      weights: { ...defaultWeights, ...this.#options.weights },
      clock: this.#clock,
      observer: this.#observer,
    })
    this.#batchers.set(model, batcher)
    this.#observer.modelInUse?.(model.ref)
    return batcher
  }

  async #retire(model: LoadedModel): Promise<void> {
    await this.#batchers.get(model)?.drain()
    this.#batchers.delete(model)
  }
}

function verdictOf(score: TextScore, { manifest, ref }: LoadedModel): Verdict {
  return scored(toSentiment(score, manifest.labels, ref))
}

/**
 * The scorer over whatever model is active: caches first, then that model's batcher. Retiring the model drains its
 * batcher, so a swap loses and mixes up nothing.
 */
export function createScorer(models: ActiveModel, options: ScorerOptions = {}): Scorer {
  return new BatchingScorer(models, options)
}
