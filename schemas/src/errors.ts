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

/** The catalogue as data: code → message, help and the flags that decide. */
export const errorCatalogue: Readonly<Record<ErrorCode, ErrorRow>> = rows

/** The row of a code that came from outside, such as a later version's dead letter. */
export function errorRowOf(code: string): ErrorRow | undefined {
  return Object.hasOwn(rows, code) ? errorCatalogue[code as ErrorCode] : undefined
}

const brand = Symbol.for('valence.error')

/**
 * An error of the catalogue. `message` is the catalogue's sentence, followed by `detail` where there is one.
 * Recognise it by `isValenceError`, which holds across copies of this package.
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

  /** What the catalogue says of the code. */
  get row(): ErrorRow {
    return errorCatalogue[this.code]
  }

  /** What the reader can do about it. */
  get help(): string {
    return this.row.help
  }

  /** The same input may succeed later. */
  get retryable(): boolean {
    return this.row.retryable === true
  }

  /** The record is at fault for good. */
  get deadLetter(): boolean {
    return this.row.deadLetter === true
  }
}

export function isValenceError(error: unknown): error is ValenceError {
  return error instanceof Error && (error as { [brand]?: unknown })[brand] === true
}
