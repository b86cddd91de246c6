/** A broker's failover passes within this time; see decision 13. */
const failoverMs = 30_000

/** How long ago the brokers last answered, by a clock that cannot be set. */
export class AnswerAge {
  readonly #limitMs: number
  readonly #now: () => number
  #answeredAt: number | undefined

  /** @param intervalMs between two questions; a single one may go without an answer */
  constructor(intervalMs: number, now: () => number = () => performance.now()) {
    this.#limitMs = Math.max(failoverMs, 3 * intervalMs)
    this.#now = now
  }

  answered(): void {
    this.#answeredAt = this.#now()
  }

  /** There was an answer, and it is no older than a gap that passes by itself. */
  get isCurrent(): boolean {
    return this.#answeredAt !== undefined && this.#now() - this.#answeredAt <= this.#limitMs
  }
}
