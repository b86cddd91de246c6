/**
 * Tracks whether a consumer is a member of its group, by the coordinator's last confirmation: a join or a heartbeat.
 * Permanent loss is detected by timer turns, not by time: a process that was suspended for a minute misses one turn,
 * and the minute does not count as time without an answer.
 */
export class MembershipWatch {
  readonly #sessionTimeoutMs: number
  readonly #turnMs: number
  readonly #now: () => number
  #confirmedAt = Number.NEGATIVE_INFINITY
  #hasFetched = false
  /** Timer turns with a fetch but without a confirmation, since the last confirmation. */
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

  /** Call every `turnMs`. @returns the reason why membership is lost permanently; undefined while it is not */
  turn(): string | undefined {
    if (this.#hasFetched) this.#unconfirmedTurns += 1
    this.#hasFetched = false
    if (this.#unconfirmedTurns * this.#turnMs > this.#sessionTimeoutMs) {
      return 'records are fetched, and no heartbeat is answered'
    }
    // One lost answer is tolerated. While a coordinator is unreachable it is not found, so no join is sent.
    return this.#unansweredJoins > 1 ? 'the coordinator does not answer when this member joins' : undefined
  }

  /** Whether the last confirmation is younger than the session timeout, so that the group still has this member. */
  get isMember(): boolean {
    return this.#now() - this.#confirmedAt < this.#sessionTimeoutMs
  }
}
