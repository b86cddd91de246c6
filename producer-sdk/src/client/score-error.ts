import type { ErrorCode } from '@valence/schemas'
import type { Problem } from './contract.ts'

/**
 * The error of a failed call. Not a ValenceError, so that browsers need not load the catalogue; the codes are the same.
 */
export class ScoreError extends Error {
  readonly code: ErrorCode
  /** HTTP status; 0 without a response. */
  readonly status: number
  /** The problem document of the server; undefined if the response has none. */
  readonly problem: Problem | undefined
  /** `Retry-After` of the server, milliseconds. */
  readonly retryAfterMs: number | undefined

  constructor(
    code: ErrorCode,
    message: string,
    details: {
      status?: number
      problem?: Problem | undefined
      retryAfterMs?: number | undefined
      cause?: unknown
    } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'ScoreError'
    this.code = code
    this.status = details.status ?? 0
    this.problem = details.problem
    this.retryAfterMs = details.retryAfterMs
  }
}
