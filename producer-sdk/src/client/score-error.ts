import type { ErrorCode } from '@valence/schemas'
import type { Problem } from './contract.ts'

/** Why a call has no answer. Browsers load no catalogue, so this is no ValenceError; the codes are the same. */
export class ScoreError extends Error {
  readonly code: ErrorCode
  /** Of the answer; 0 where there was none. */
  readonly status: number
  /** What the server said; undefined where it said nothing that could be read. */
  readonly problem: Problem | undefined
  /** How long the server asks to wait before trying again. */
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
