import { isValenceError, type ValenceError } from '@valence/schemas'
import { ConstantBackoff, ExponentialBackoff, handleWhen, retry } from 'cockatiel'

export interface RetryOptions {
  readonly initialDelayMs: number
  /** As long as the first delay: every pause is this long. Else pauses grow, with jitter. */
  readonly maxDelayMs: number
  /** Tries after the first; without end unless given. */
  readonly maxRetries?: number
  /** Errors that are retried beside those the catalogue calls retryable. */
  readonly alsoRetry?: (error: ValenceError) => boolean
  /** The only errors that are retried, whatever the catalogue says. */
  readonly onlyRetry?: (error: ValenceError) => boolean
  /** Ends the retries; the last error is thrown. */
  readonly signal?: AbortSignal
  /** The signal ends the waiting for an attempt under way too: one that hangs is left to itself. */
  readonly leavesAttempt?: boolean
  readonly onRetry?: (error: ValenceError, delayMs: number) => void
}

/**
 * Runs `action` until it succeeds, for as long as its errors are retryable and tries are left. Other errors are thrown
 * at once. An abort ends a pause at once; an attempt under way is awaited unless `leavesAttempt` is set.
 */
export async function retryWhileRetryable<T>(action: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { alsoRetry, onlyRetry, signal = new AbortController().signal, initialDelayMs, maxDelayMs } = options
  const isRetried = onlyRetry ?? ((error: ValenceError) => error.retryable || alsoRetry?.(error) === true)
  const cut = Promise.withResolvers<never>()
  cut.promise.catch(() => undefined)
  let failure: { readonly error: unknown } | undefined
  let isPausing = false
  const cutShort = () => {
    if (isPausing && failure) cut.reject(failure.error)
    else if (options.leavesAttempt) cut.reject(signal.reason)
  }
  const policy = retry(
    handleWhen((error) => isValenceError(error) && isRetried(error) && !signal.aborted),
    {
      maxAttempts: options.maxRetries ?? Number.MAX_SAFE_INTEGER,
      backoff:
        initialDelayMs === maxDelayMs
          ? new ConstantBackoff(initialDelayMs)
          : new ExponentialBackoff({ initialDelay: initialDelayMs, maxDelay: maxDelayMs }),
    },
  )
  policy.onRetry((event) => {
    if (!('error' in event)) return
    failure = { error: event.error }
    isPausing = true
    options.onRetry?.(event.error as ValenceError, event.delay)
  })
  // The library waits its pauses out, whatever the signal says.
  async function attempt(): Promise<T> {
    if (isPausing && signal.aborted && failure) throw failure.error
    isPausing = false
    return action()
  }
  signal.addEventListener('abort', cutShort, { once: true })
  try {
    return await Promise.race([policy.execute(attempt, signal), cut.promise])
  } finally {
    signal.removeEventListener('abort', cutShort)
  }
}
