import { formatFieldPath, type TextFields } from '@valence/schemas'
import type { Logger } from '../observability/logger.ts'
import type { Decoded } from './decode.ts'
import type { RecordResult } from './score-batch.ts'

export interface MissingTextWatchOptions {
  readonly fields: TextFields
  readonly logger: Logger
  /** Epoch milliseconds. */
  readonly now: () => number
}

const spanMs = 60_000

/** True for a record without a text where texts are looked for. */
export function isWithoutText(outcome: Decoded | RecordResult): boolean {
  return outcome.kind === 'passed' || (outcome.kind === 'rejected' && outcome.error.code === 'VAL_TEXT_MISSING')
}

/**
 * Warns, at once and then every minute, while no record has a text at VALENCE_TEXT_FIELD: it is the wrong path then. The
 * minute before counts too, because one may begin with the deletes of a change stream.
 */
export class MissingTextWatch {
  readonly #options: MissingTextWatchOptions
  #spanBegin = Number.NEGATIVE_INFINITY
  #found = 0
  #foundBefore = 0
  #missing = 0
  #isTold = false

  constructor(options: MissingTextWatchOptions) {
    this.#options = options
  }

  note(outcomes: readonly RecordResult[]): void {
    const { fields, logger, now } = this.#options
    if (now() - this.#spanBegin >= spanMs) this.#begin(now())
    this.#found += outcomes.filter(({ kind }) => kind === 'scored').length
    this.#missing += outcomes.filter(isWithoutText).length
    if (this.#isTold || this.#found + this.#foundBefore > 0 || this.#missing === 0) return
    this.#isTold = true
    logger.warn(
      { code: 'VAL_TEXT_MISSING', fields: fields.text.map(formatFieldPath), records: this.#missing },
      'no record has a text at VALENCE_TEXT_FIELD',
    )
  }

  #begin(now: number): void {
    this.#spanBegin = now
    this.#foundBefore = this.#found
    this.#found = 0
    this.#missing = 0
    this.#isTold = false
  }
}
