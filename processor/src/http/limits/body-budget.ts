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
   * that slow large ones leave room for them. Returns what gives the room back, once.
   *
   * @throws VAL_HTTP_OVERLOADED
   */
  take(length: number | undefined): () => void {
    const bytes = Math.min(length ?? this.#largest, this.#largest)
    const limit = bytes * smallPart <= this.#largest ? this.#total : this.#total / 2
    if (this.#taken + bytes > limit) throw new ValenceError('VAL_HTTP_OVERLOADED')
    this.#taken += bytes
    let held = bytes
    return () => {
      this.#taken -= held
      held = 0
    }
  }
}

/**
 * Refuses a body for which there is no room, before it is read; holds its room until it is read, its request is answered
 * or its connection ends.
 */
export function addBodyBudget(app: HttpApp, budget: BodyBudget): void {
  app.addHook('onRequest', ({ raw, headers }, reply, done) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = headers
    const hasBody = encoding !== undefined || Number(length ?? 0) > 0
    try {
      // Its caller may have left while a hook before this one waited; no event would tell.
      if (hasBody && !raw.closed) {
        const giveBack = budget.take(encoding === undefined ? Number(length) : undefined)
        raw.once('close', giveBack)
        // Node forgets a request that was answered before its body came: it never closes.
        reply.raw.once('close', giveBack)
      }
      done()
    } catch (error) {
      done(error as Error)
    }
  })
}
