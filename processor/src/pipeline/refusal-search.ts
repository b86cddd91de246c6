import type { ErrorCode, ValenceError } from '@valence/schemas'
import type { RecordSlice } from './partition-queue.ts'

/** The broker refused what was to be published for a single record. */
export interface Refusal {
  readonly code: ErrorCode
  /** The broker's name for it. */
  readonly detail: string | undefined
  /** How often in a row: 1 for the result, 2 for the dead letter, 3 and 4 for letters that leave out more. */
  readonly times: number
}

/** Of one record: its result, its dead letter, the letter without headers of others, the letter without content. */
export const maxRefusals = 4

type State =
  | { readonly kind: 'none' }
  /** Among the next `count` records, up to `until`, there is at least one that is refused. */
  | { readonly kind: 'searching'; readonly until: bigint; readonly count: number }
  /** One was found. Where one is there may be more, so that slices begin at one record and double. */
  | { readonly kind: 'recovering'; readonly limit: number }

/** From this size on slices are not limited any more. */
const unlimited = 1_024

/**
 * Finds the record that the broker refuses by bisection, so that only it is dead-lettered: one of 1,000 records is
 * found after ten refusals; where every record is refused, each costs one.
 */
export class RefusalSearch {
  #state: State = { kind: 'none' }
  #refused: (Refusal & { readonly offset: bigint }) | undefined

  /** How many records to publish together from `next` on. */
  limit(next: bigint, most: number): number {
    const state = this.#state
    if (state.kind === 'recovering') return Math.min(state.limit, most)
    if (state.kind === 'searching' && next < state.until) return Math.min(Math.ceil(state.count / 2), most)
    return most
  }

  /** The refusal of a slice's only record so far. */
  refusalOf({ records }: RecordSlice): Refusal | undefined {
    const [only] = records
    return records.length === 1 && only?.offset === this.#refused?.offset ? this.#refused : undefined
  }

  /** @returns what is known of the record now, where it was the only one */
  refused({ records, nextOffset }: RecordSlice, { code, detail }: ValenceError): Refusal | undefined {
    const [only] = records
    if (records.length > 1 || only === undefined) {
      this.#state = { kind: 'searching', until: nextOffset, count: records.length }
      return undefined
    }
    const times = only.offset === this.#refused?.offset ? this.#refused.times + 1 : 1
    this.#refused = { offset: only.offset, code, detail, times }
    this.#state = { kind: 'recovering', limit: 1 }
    return this.#refused
  }

  published({ records, nextOffset }: RecordSlice): void {
    if (this.#refused !== undefined && this.#refused.offset < nextOffset) {
      this.#refused = undefined
      return
    }
    const state = this.#state
    if (state.kind === 'recovering') {
      const limit = 2 * state.limit
      this.#state = limit >= unlimited ? { kind: 'none' } : { kind: 'recovering', limit }
    } else if (state.kind === 'searching') {
      const count = state.count - records.length
      this.#state = nextOffset >= state.until || count < 1 ? { kind: 'none' } : { ...state, count }
    }
  }

  /** The next attempt begins with the result again: the cause of the refusal may have been removed. */
  forget(): void {
    this.#refused = undefined
  }
}
