import { checkText, isValenceError } from '@valence/schemas'
import { failed, scored, type Verdict } from '../domain/verdict.ts'
import type { LoadedModel } from '../model/load-model.ts'
import type { CacheLevels } from './caching/cache-levels.ts'
import { cacheKey } from './caching/score-cache.ts'
import type { ModelBatchers } from './model-batchers.ts'
import type { ScoreCall } from './score-call.ts'
import type { ScoreOrigin } from './scorer.ts'
import { type TextScore, toSentiment } from './text-score.ts'

/** A text without a score in the caches. The key is made with the model of the look-up. */
export interface Query {
  readonly at: number
  readonly text: string
  readonly key: string
  readonly model: LoadedModel
}

/** The caching layer: texts are looked up before inference, and their scores are kept after it. */
export class CachedInference {
  readonly #batchers: ModelBatchers
  readonly #caches: CacheLevels

  constructor(batchers: ModelBatchers, caches: CacheLevels) {
    this.#batchers = batchers
    this.#caches = caches
  }

  /**
   * Answers what needs no inference of the call's texts from `start` to `end`: texts that cannot be scored, and those with
   * a score in the caches. Returns the others; a promise only when the shared cache is asked.
   */
  answerKnown(call: ScoreCall, start: number, end: number): readonly Query[] | Promise<readonly Query[]> {
    const queries = this.#check(call, start, end)
    const found = this.#caches.getMany(queries.map(({ key }) => key))
    return found instanceof Promise
      ? found.then((scores) => answerFound(call, queries, scores))
      : answerFound(call, queries, found)
  }

  /** Whether a text of this origin may be given to `infer` now; HTTP texts beyond the room are refused there. */
  hasRoom(origin: ScoreOrigin): boolean {
    return this.#batchers.current().batcher.hasRoom(origin)
  }

  /** Resolves when there may be room for a text of this origin, or the caller leaves; look again then. */
  room(origin: ScoreOrigin, signal: AbortSignal | undefined): Promise<void> {
    return this.#batchers.current().batcher.room(origin, signal)
  }

  /** Has a text scored, and keeps its score. */
  infer(query: Query, call: ScoreCall): void {
    const { at, text } = query
    const { model, batcher } = this.#batchers.current()
    // The model may have been swapped since the look-up.
    const key = model === query.model ? query.key : cacheKey(model.fingerprint, text)
    const answer = call.begin(at)
    batcher.submit({ text, key, traceContext: call.options.traceContextOf?.(at) }, call.options, (outcome) => {
      if (isValenceError(outcome)) return answer(failed(outcome))
      this.#caches.set(key, outcome)
      answer(verdictOf(outcome, model))
    })
  }

  /** Rejects texts that cannot be scored; returns the others with their cache keys. */
  #check(call: ScoreCall, start: number, end: number): Query[] {
    const { model } = this.#batchers.current()
    return call.texts.slice(start, end).flatMap((raw, index) => {
      const at = start + index
      try {
        const text = checkText(raw)
        return [{ at, text, key: cacheKey(model.fingerprint, text), model }]
      } catch (error) {
        if (!isValenceError(error)) throw error
        call.answer(at, failed(error))
        return []
      }
    })
  }
}

function answerFound(call: ScoreCall, queries: readonly Query[], scores: readonly (TextScore | undefined)[]): Query[] {
  return queries.filter((query, index) => {
    const score = scores[index]
    if (score) call.answer(query.at, verdictOf(score, query.model))
    return score === undefined
  })
}

function verdictOf(score: TextScore, { manifest, ref }: LoadedModel): Verdict {
  return scored(toSentiment(score, manifest.labels, ref))
}
