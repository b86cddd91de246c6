import { ScoreError } from './score-error.ts'

export interface AttemptsOptions {
  /** Attempts after the first. */
  readonly retries: number
  readonly initialDelayMs: number
  readonly maxDelayMs: number
  readonly signal: AbortSignal
  readonly random: () => number
}

/**
 * Errors after which the call can be repeated safely: it may succeed, and repeating a successful call has no effect.
 */
function isWorthRepeating(error: unknown): error is ScoreError {
  if (!(error instanceof ScoreError)) return false
  return error.code === 'VAL_CLIENT_UNREACHABLE' || error.status === 429 || error.status === 503
}

/** Full jitter, so that clients that failed together do not retry together; never sooner than `Retry-After`. */
function delayOf(error: ScoreError, attempt: number, options: AttemptsOptions): number {
  const ceiling = Math.min(options.maxDelayMs, options.initialDelayMs * 2 ** attempt)
  return (error.retryAfterMs ?? 0) + options.random() * ceiling
}

function pause(delayMs: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (wasLong: boolean) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', cut)
      resolve(wasLong)
    }
    const cut = () => end(false)
    const timer = setTimeout(() => end(true), delayMs)
    if (signal.aborted) cut()
    signal.addEventListener('abort', cut, { once: true })
  })
}

/**
 * Calls until success. Throws the last error when it is permanent, when no attempts are left, or when the signal
 * aborts.
 */
export async function withAttempts<T>(call: () => Promise<T>, options: AttemptsOptions): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      if (attempt >= options.retries || !isWorthRepeating(error) || options.signal.aborted) throw error
      if (!(await pause(delayOf(error, attempt, options), options.signal))) throw error
    }
  }
}
