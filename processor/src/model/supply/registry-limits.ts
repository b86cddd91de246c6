import { ValenceError } from '@valence/schemas'
import { unlessAborted } from '../../platform/abort.ts'
import { retryWhileRetryable } from '../../platform/retry.ts'

/** How long a registry may keep us waiting. */
export interface DownloadLimits {
  /** For the beginning of an answer. */
  readonly connectMs: number
  /** Between two pieces of an answer. */
  readonly idleMs: number
}

/** Chosen, not measured: a registry that restarts within seconds is waited out; a start falls back to the last good model after them. */
const maxRetries = 3
const defaultRetryMs = 250
const maxRetryMs = 5_000

/** Tries a request again while its error is retryable, a few times. */
export function retryRequest<T>(action: () => Promise<T>, signal: AbortSignal, retryMs = defaultRetryMs): Promise<T> {
  return retryWhileRetryable(action, { initialDelayMs: retryMs, maxDelayMs: maxRetryMs, maxRetries, signal })
}

export function tooSlow(what: string, ms: number): ValenceError {
  return new ValenceError('VAL_MODEL_REGISTRY_TIMEOUT', `${what}: nothing came for ${ms} ms`)
}

/** Gives the action this long. @throws VAL_MODEL_REGISTRY_TIMEOUT */
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
