/**
 * Whether a consumer is a member of its group, by what its coordinator last confirmed: a join or a heartbeat.
 *
 * Losing the group for good is judged by turns of a timer and not by the clock: a process that was stopped for a minute
 * and goes on finds one turn missed, not a minute of silence.
 */
export class MembershipWatch {
  readonly #sessionTimeoutMs: number
  readonly #turnMs: number
  readonly #now: () => number
  #confirmedAt = Number.NEGATIVE_INFINITY
  #hasFetched = false
  /** Turns with a fetch and without a confirmation since the last confirmation. */
  #unconfirmedTurns = 0

  constructor(sessionTimeoutMs: number, turnMs: number, now: () => number = () => performance.now()) {
    this.#sessionTimeoutMs = sessionTimeoutMs
    this.#turnMs = turnMs
    this.#now = now
  }

  /** The coordinator answered a join or a heartbeat. */
  confirmed(): void {
    this.#confirmedAt = this.#now()
    this.#hasFetched = false
    this.#unconfirmedTurns = 0
  }

  /** A broker answered a fetch. */
  fetched(): void {
    this.#hasFetched = true
  }

  /** Call once every `turnMs`. @returns true once records are fetched without a heartbeat for longer than the session */
  turn(): boolean {
    if (this.#hasFetched) this.#unconfirmedTurns += 1
    this.#hasFetched = false
    return this.#unconfirmedTurns * this.#turnMs > this.#sessionTimeoutMs
  }

  /** The last confirmation is younger than the session timeout: the group still counts on this member. */
  get isMember(): boolean {
    return this.#now() - this.#confirmedAt < this.#sessionTimeoutMs
  }
}
