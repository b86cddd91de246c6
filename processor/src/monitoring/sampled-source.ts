import { setTimeout as sleep } from 'node:timers/promises'

export interface Sampled<T> {
  readonly value: T
  /** Epoch milliseconds. */
  readonly at: number
}

/**
 * A source that is read repeatedly. It keeps the last two values and the error of the last read. While a read is pending,
 * no second one is started.
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

  /** The error of the last read; undefined if it succeeded. */
  get error(): unknown {
    return this.#error
  }

  /** The last value, however old. */
  get latest(): Sampled<T> | undefined {
    return this.#latest
  }

  /** The values of the last two consecutive successful reads, however old; undefined until there are two. */
  get pair(): readonly [before: Sampled<T>, now: Sampled<T>] | undefined {
    return this.#pair
  }

  /** Like `pair`, but undefined after a failed read until two consecutive reads have succeeded again. */
  get currentPair(): readonly [before: Sampled<T>, now: Sampled<T>] | undefined {
    return this.#error === undefined && this.#pair?.[1] === this.#latest ? this.#pair : undefined
  }

  /** Reads, and waits at most `patienceMs`. A value that arrives later is still stored. */
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
      // A pair must be consecutive: a rate averaged over failed reads would hide the gap.
      if (this.#error === undefined && this.#latest !== undefined) this.#pair = [this.#latest, latest]
      this.#latest = latest
      this.#error = undefined
    } catch (error) {
      this.#error = error
    }
  }
}
