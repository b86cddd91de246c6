import type { ScoreOrigin } from '../scorer.ts'

/** Origins by how much a person waits for them; decides between equals. */
export const originsByUrgency: readonly ScoreOrigin[] = ['http', 'cli', 'kafka']

export type OriginWeights = Readonly<Record<ScoreOrigin, number>>

/**
 * Start-time fair queueing over tokens: among origins that have work, each gets its weight's share of the tokens, and
 * one that was idle is served next without having saved up credit. So a trickle of HTTP never waits behind a Kafka
 * backlog, and a flood of HTTP leaves Kafka its share.
 */
export class FairShare {
  readonly #weights: OriginWeights
  readonly #finish: Record<ScoreOrigin, number> = { http: 0, cli: 0, kafka: 0 }
  #now = 0

  constructor(weights: OriginWeights) {
    this.#weights = weights
  }

  /** The origins in the order in which they should be served now. */
  order(): ScoreOrigin[] {
    return [...originsByUrgency].sort((a, b) => this.#start(a) - this.#start(b))
  }

  /** Counts a batch against its origin. */
  charge(origin: ScoreOrigin, tokens: number): void {
    const start = this.#start(origin)
    this.#now = Math.max(this.#now, start)
    this.#finish[origin] = start + tokens / this.#weights[origin]
  }

  #start(origin: ScoreOrigin): number {
    return Math.max(this.#finish[origin], this.#now)
  }
}
