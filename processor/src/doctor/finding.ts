import { isValenceError } from '@valence/schemas'
import { withTimeout } from '../platform/timeout.ts'

/** `warn`: works with a restriction. `skipped`: not configured, or not checkable. */
export type FindingStatus = 'ok' | 'warn' | 'fail' | 'skipped'

/** The result of one check. */
export interface Finding {
  readonly area: 'machine' | 'config' | 'model' | 'kafka' | 'registry' | 'redis'
  readonly check: string
  readonly status: FindingStatus
  readonly detail: string
  /** What to do about it. */
  readonly help?: string
}

/** A finding for an error; the help text comes from the error catalogue if the error has a code. */
export function failure(
  { area, check, status = 'fail' }: Pick<Finding, 'area' | 'check'> & { status?: FindingStatus },
  error: unknown,
  help?: string,
): Finding {
  const advice = help ?? (isValenceError(error) ? error.help : undefined)
  return { area, check, status, detail: messageOf(error), ...(advice === undefined ? {} : { help: advice }) }
}

function messageOf(error: unknown): string {
  if (isValenceError(error)) return `${error.code}: ${error.message}`
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}

/** Resolves with the work. @throws if it takes longer than the timeout; the work itself is not cancelled */
export function answerWithin<T>(ms: number, work: Promise<T>): Promise<T> {
  return withTimeout(ms, work, () => new Error(`no answer in ${ms} ms`))
}
