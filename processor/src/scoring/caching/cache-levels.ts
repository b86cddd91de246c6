import { setImmediate } from 'node:timers'
import type { ScoringObserver } from '../scoring-observer.ts'
import type { TextScore } from '../text-score.ts'
import type { MemoryCache } from './memory-cache.ts'
import type { ScoreCache } from './score-cache.ts'

export interface CacheLevelsOptions {
  /** First level, asked without waiting. */
  readonly memory?: MemoryCache | undefined
  /** Second level, asked for what the first does not have. */
  readonly shared?: ScoreCache | undefined
  readonly observer: ScoringObserver
}

/** Two cache levels as one: a miss in the first is looked up in the second, and kept in the first. */
export class CacheLevels {
  readonly #memory: MemoryCache | undefined
  readonly #shared: ScoreCache | undefined
  readonly #observer: ScoringObserver
  #unwritten: [string, TextScore][] = []

  constructor({ memory, shared, observer }: CacheLevelsOptions) {
    this.#memory = memory
    this.#shared = shared
    this.#observer = observer
  }

  /** Scores in the order of the keys; undefined where no level has one. A promise only when the second level is asked. */
  getMany(keys: readonly string[]): (TextScore | undefined)[] | Promise<(TextScore | undefined)[]> {
    const found = keys.map((key) => this.#memory?.get(key))
    if (this.#memory) this.#report('memory', found)
    const missing = keys.filter((_, index) => found[index] === undefined)
    return this.#shared && missing.length > 0 ? this.#fillFromBelow(this.#shared, keys, found, missing) : found
  }

  async #fillFromBelow(
    shared: ScoreCache,
    keys: readonly string[],
    found: readonly (TextScore | undefined)[],
    missing: readonly string[],
  ): Promise<(TextScore | undefined)[]> {
    const below = await shared.getMany(missing)
    this.#report('shared', below)
    const byKey = new Map(missing.map((key, index) => [key, below[index]]))
    return keys.map((key, index) => {
      const score = found[index] ?? byKey.get(key)
      if (score && !found[index]) this.#memory?.set(key, score)
      return score
    })
  }

  set(key: string, score: TextScore): void {
    this.#memory?.set(key, score)
    if (!this.#shared) return
    // The scores of a batch arrive in one turn of the event loop and are written in one go.
    if (this.#unwritten.length === 0) setImmediate(() => this.#shared?.setMany(this.#unwritten.splice(0)))
    this.#unwritten.push([key, score])
  }

  #report(level: 'memory' | 'shared', scores: readonly (TextScore | undefined)[]): void {
    const hits = scores.reduce((count, score) => count + (score ? 1 : 0), 0)
    if (hits > 0) this.#observer.cacheLookup?.(level, 'hit', hits)
    if (hits < scores.length) this.#observer.cacheLookup?.(level, 'miss', scores.length - hits)
  }
}
