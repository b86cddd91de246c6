import type { ScoreOrigin } from '../scorer.ts'

/** For so long after a text came over HTTP, the next one is expected. */
const expectedMs = 1_000

/**
 * Who may have a batch out. One batch more is out than the backend runs at a time: it waits in a worker, so that none
 * idles. A run cannot be interrupted, so what HTTP waits for is the runs that stand before it. Therefore the others
 * leave that place ahead to HTTP while it is about, and if one of them holds it still, HTTP gets another.
 */
export class InFlightLimiter {
  readonly #concurrency: number
  readonly #out: Record<ScoreOrigin, number> = { http: 0, cli: 0, kafka: 0 }
  #askedAt = Number.NEGATIVE_INFINITY

  /** @param concurrency batches that run at the same time */
  constructor(concurrency: number) {
    this.#concurrency = concurrency
  }

  /** Notes that somebody asks over HTTP. */
  asked(nowMs: number): void {
    this.#askedAt = nowMs
  }

  /** Whether somebody asked lately, and the others should keep their runs few and short. */
  isHttpAbout(nowMs: number): boolean {
    return this.#out.http > 0 || nowMs - this.#askedAt < expectedMs
  }

  get areEmpty(): boolean {
    return this.#bulk + this.#out.http === 0
  }

  /** Whether a batch of this origin may go out now. */
  has(origin: ScoreOrigin, nowMs: number): boolean {
    const { http } = this.#out
    if (origin === 'http') return http + Math.min(this.#bulk, this.#concurrency) <= this.#concurrency
    if (http + this.#bulk > this.#concurrency) return false
    return this.#bulk < this.#concurrency || !this.isHttpAbout(nowMs)
  }

  take(origin: ScoreOrigin): void {
    this.#out[origin]++
  }

  leave(origin: ScoreOrigin): void {
    this.#out[origin]--
  }

  get #bulk(): number {
    return this.#out.cli + this.#out.kafka
  }
}
