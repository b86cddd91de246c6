import { isValenceError } from '@valence/schemas'
import { within } from '../platform/timeout.ts'

/** `warn`: it works, but not as it should. `skipped`: not configured, or it could not be looked at. */
export type FindingStatus = 'ok' | 'warn' | 'fail' | 'skipped'

/** What one check found. */
export interface Finding {
  readonly area: 'machine' | 'config' | 'model' | 'kafka' | 'registry' | 'redis'
  readonly check: string
  readonly status: FindingStatus
  readonly detail: string
  /** What to do about it. */
  readonly help?: string
}

/** The finding of something that went wrong: the catalogue's words where the error has them. */
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

/** What answers within this time. @throws where it does not; the work itself goes on unseen */
export function answerWithin<T>(ms: number, work: Promise<T>): Promise<T> {
  return within(ms, work, () => new Error(`no answer in ${ms} ms`))
}
