import type { ScoreOrigin } from '../scorer.ts'

/** After an HTTP text, another one is expected for this long: decision 8. */
const expectedMs = 1_000

/**
 * Limits the batches in flight to one more than the backend runs at a time; the extra one waits in a worker, so that no
 * worker idles. A run cannot be interrupted: an HTTP text waits for the runs before it. While HTTP texts arrive, the other
 * origins therefore leave the extra place free, and if one of them still holds it, HTTP gets one place more.
 */
export class InFlightLimiter {
  readonly #concurrency: number
  readonly #out: Record<ScoreOrigin, number> = { http: 0, cli: 0, kafka: 0 }
  #httpAt = Number.NEGATIVE_INFINITY

  /** @param concurrency batches that run at the same time */
  constructor(concurrency: number) {
    this.#concurrency = concurrency
  }

  /** Notes that an HTTP text arrived. */
  noteHttp(nowMs: number): void {
    this.#httpAt = nowMs
  }

  /** Whether an HTTP text arrived lately; the other origins then keep their runs few and short. */
  isHttpAbout(nowMs: number): boolean {
    return this.#out.http > 0 || nowMs - this.#httpAt < expectedMs
  }

  get isIdle(): boolean {
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
