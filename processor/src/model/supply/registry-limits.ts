import { ValenceError } from '@valence/schemas'
import { unlessAborted } from '../../platform/abort.ts'
import { retryWhileRetryable } from '../../platform/retry.ts'

/** Timeouts of registry requests. */
export interface DownloadLimits {
  /** Until the response begins. */
  readonly connectMs: number
  /** Between two chunks of the response. */
  readonly idleMs: number
}

/** Chosen, not measured: covers a registry restart of some seconds; a start then falls back to the last good model. */
const maxRetries = 3
const defaultRetryMs = 250
const maxRetryMs = 5_000

/** Retries a request a few times while its error is retryable. */
export function retryRequest<T>(action: () => Promise<T>, signal: AbortSignal, retryMs = defaultRetryMs): Promise<T> {
  return retryWhileRetryable(action, { initialDelayMs: retryMs, maxDelayMs: maxRetryMs, maxRetries, signal })
}

export function tooSlow(what: string, ms: number): ValenceError {
  return new ValenceError('VAL_MODEL_REGISTRY_TIMEOUT', `${what}: no data for ${ms} ms`)
}

/** Limits the time of an action. @throws VAL_MODEL_REGISTRY_TIMEOUT */
export async function withDeadline<T>(
  ms: number,
  what: string,
  signal: AbortSignal,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(tooSlow(what, ms)), ms)
  const either = AbortSignal.any([signal, late.signal])
  try {
    return await unlessAborted(action(either), either)
  } finally {
    clearTimeout(timer)
  }
}
