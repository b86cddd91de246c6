import { ValenceError } from '@valence/schemas'
import type { HttpApp } from '../http-app.ts'

const leastBytes = 64 * 1_024 * 1_024
/** The budget holds at least so many of the largest bodies. */
const leastLargest = 4
/** What is no larger than this part of the largest body is small. */
const smallPart = 16

/** How many bytes of request bodies may be on their way at the same time, in the process. */
export class BodyBudget {
  readonly #largest: number
  readonly #total: number
  #taken = 0

  /** @param largest VALENCE_HTTP_MAX_BODY_BYTES */
  constructor(largest: number) {
    this.#largest = largest
    this.#total = Math.max(leastBytes, leastLargest * largest)
  }

  /**
   * Takes room for a body; one without a length counts as the largest. Half of the budget is for small bodies alone, so
   * that slow large ones leave room for them.
   *
   * @throws VAL_HTTP_OVERLOADED
   */
  take(length: number | undefined): () => void {
    const bytes = Math.min(length ?? this.#largest, this.#largest)
    const limit = bytes * smallPart <= this.#largest ? this.#total : this.#total / 2
    if (this.#taken + bytes > limit) throw new ValenceError('VAL_HTTP_OVERLOADED')
    this.#taken += bytes
    return () => {
      this.#taken -= bytes
    }
  }
}

/** Refuses a body for which there is no room, before it is read; holds its room until it is read or its connection ends. */
export function addBodyBudget(app: HttpApp, budget: BodyBudget): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
    try {
      if (encoding !== undefined || Number(length ?? 0) > 0) {
        request.raw.once('close', budget.take(encoding === undefined ? Number(length) : undefined))
      }
      done()
    } catch (error) {
      done(error as Error)
    }
  })
}
