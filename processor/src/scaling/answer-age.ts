/** A broker failover takes less than this; see decision 13. */
const failoverMs = 30_000

/** Time since the brokers last answered, by the monotonic clock. */
export class AnswerAge {
  readonly #limitMs: number
  readonly #now: () => number
  #answeredAt: number | undefined

  /** @param intervalMs between two queries; a single query may fail */
  constructor(intervalMs: number, now: () => number = () => performance.now()) {
    this.#limitMs = Math.max(failoverMs, 3 * intervalMs)
    this.#now = now
  }

  answered(): void {
    this.#answeredAt = this.#now()
  }

  /** The brokers have answered, and not longer ago than a failover or a few failed queries take. */
  get isCurrent(): boolean {
    return this.#answeredAt !== undefined && this.#now() - this.#answeredAt <= this.#limitMs
  }
}
