import { setTimeout as sleep } from 'node:timers/promises'

export interface Sampled<T> {
  readonly value: T
  /** Epoch milliseconds. */
  readonly at: number
}

/**
 * Something that is looked at again and again: keeps its last two answers, and why the last look failed. A look that
 * hangs is not started twice.
 */
export class SampledSource<T> {
  readonly #read: () => Promise<T>
  readonly #now: () => number
  #pair: readonly [before: Sampled<T>, now: Sampled<T>] | undefined
  #latest: Sampled<T> | undefined
  #error: unknown
  #reading: Promise<void> | undefined

  constructor(read: () => Promise<T>, now: () => number = Date.now) {
    this.#read = read
    this.#now = now
  }

  /** Why the last look failed; undefined where it did not. */
  get error(): unknown {
    return this.#error
  }

  /** The last answer, however old. */
  get latest(): Sampled<T> | undefined {
    return this.#latest
  }

  /** The last two answers in a row, however old; undefined until there are two. */
  get pair(): readonly [before: Sampled<T>, now: Sampled<T>] | undefined {
    return this.#pair
  }

  /** The same, unless something failed since. */
  get currentPair(): readonly [before: Sampled<T>, now: Sampled<T>] | undefined {
    return this.#error === undefined && this.#pair?.[1] === this.#latest ? this.#pair : undefined
  }

  /** Looks, and waits for the answer no longer than this; it is taken all the same when it comes. */
  async look(patienceMs: number, signal: AbortSignal): Promise<void> {
    this.#reading ??= this.#take().finally(() => {
      this.#reading = undefined
    })
    const answered = new AbortController()
    const late = sleep(patienceMs, undefined, { signal: AbortSignal.any([signal, answered.signal]) })
    await Promise.race([this.#reading, late.catch(() => undefined)])
    answered.abort()
  }

  async #take(): Promise<void> {
    try {
      const latest = { value: await this.#read(), at: this.#now() }
      // Rates across a gap would hide it.
      if (this.#error === undefined && this.#latest !== undefined) this.#pair = [this.#latest, latest]
      this.#latest = latest
      this.#error = undefined
    } catch (error) {
      this.#error = error
    }
  }
}
