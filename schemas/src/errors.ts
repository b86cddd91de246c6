import { engineErrors } from './errors/engine-errors.ts'
import type { ErrorRow } from './errors/error-row.ts'
import { httpErrors } from './errors/http-errors.ts'
import { kafkaErrors } from './errors/kafka-errors.ts'
import { recordErrors } from './errors/record-errors.ts'
import { serviceErrors } from './errors/service-errors.ts'

const rows = {
  ...serviceErrors,
  ...recordErrors,
  ...engineErrors,
  ...httpErrors,
  ...kafkaErrors,
}

/** A code of the catalogue. */
export type ErrorCode = keyof typeof rows

/** The catalogue: code → message, help and the flags that decide how the error is handled. */
export const errorCatalogue: Readonly<Record<ErrorCode, ErrorRow>> = rows

/** The row of a code from outside, such as a dead letter; undefined for an unknown code (of a later version). */
export function errorRowOf(code: string): ErrorRow | undefined {
  return Object.hasOwn(rows, code) ? errorCatalogue[code as ErrorCode] : undefined
}

const brand = Symbol.for('valence.error')

/**
 * An error of the catalogue. `message` is the catalogue's message, followed by `: detail` if there is one.
 * Test for it with `isValenceError`, which works across copies of this package.
 */
export class ValenceError extends Error {
  readonly code: ErrorCode
  readonly detail: string | undefined
  readonly [brand] = true

  constructor(code: ErrorCode, detail?: string, options?: { cause?: unknown }) {
    super(detail === undefined ? rows[code].message : `${rows[code].message}: ${detail}`, options)
    this.name = 'ValenceError'
    this.code = code
    this.detail = detail
  }

  /** The catalogue row of the code. */
  get row(): ErrorRow {
    return errorCatalogue[this.code]
  }

  /** What to do about the error. */
  get help(): string {
    return this.row.help
  }

  /** True if the same input can succeed later. */
  get retryable(): boolean {
    return this.row.retryable === true
  }

  /** True if the record is invalid and goes to the dead-letter topic. */
  get deadLetter(): boolean {
    return this.row.deadLetter === true
  }
}

/** True for a ValenceError, also of another copy of this package. */
export function isValenceError(error: unknown): error is ValenceError {
  return error instanceof Error && (error as { [brand]?: unknown })[brand] === true
}
