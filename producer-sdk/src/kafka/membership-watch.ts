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
  /** Joins without an answer since the last confirmation. */
  #unansweredJoins = 0

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
    this.#unansweredJoins = 0
  }

  /** A broker answered a fetch. */
  fetched(): void {
    this.#hasFetched = true
  }

  /** A request to the coordinator had no answer in its time. @param apiName as kafkajs calls it */
  unanswered(apiName: string): void {
    if (apiName === 'JoinGroup') this.#unansweredJoins += 1
  }

  /** Call once every `turnMs`. @returns why the group is lost for good; undefined as long as it is not */
  turn(): string | undefined {
    if (this.#hasFetched) this.#unconfirmedTurns += 1
    this.#hasFetched = false
    if (this.#unconfirmedTurns * this.#turnMs > this.#sessionTimeoutMs) {
      return 'records are fetched, and no heartbeat is answered'
    }
    // One may be lost. A coordinator that is away answers nobody's question for it, so no join is sent.
    return this.#unansweredJoins > 1 ? 'the coordinator does not answer when this member joins' : undefined
  }

  /** The last confirmation is younger than the session timeout: the group still counts on this member. */
  get isMember(): boolean {
    return this.#now() - this.#confirmedAt < this.#sessionTimeoutMs
  }
}
