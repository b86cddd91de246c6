import { isValenceError, type ValenceError } from '@valence/schemas'
import { ConstantBackoff, ExponentialBackoff, handleWhen, retry } from 'cockatiel'

export interface RetryOptions {
  readonly initialDelayMs: number
  /** Equal to `initialDelayMs`: constant delay. Larger: exponential back-off with jitter, up to this. */
  readonly maxDelayMs: number
  /** Attempts after the first; default: no limit. */
  readonly maxRetries?: number
  /** Errors to retry in addition to those the catalogue marks retryable. */
  readonly alsoRetry?: (error: ValenceError) => boolean
  /** Replaces the rule of the catalogue: only these errors are retried. */
  readonly onlyRetry?: (error: ValenceError) => boolean
  /** Stops the retries when it aborts; the last error is thrown. */
  readonly signal?: AbortSignal
  /** On abort do not await a running attempt, which may hang; the signal's reason is thrown. */
  readonly abandonAttempt?: boolean
  readonly onRetry?: (error: ValenceError, delayMs: number) => void
}

/**
 * Runs `action` until it succeeds, while its errors are retryable and attempts are left. Other errors are thrown at once.
 * An abort ends a delay at once; a running attempt is awaited unless `abandonAttempt` is set.
 */
export async function retryWhileRetryable<T>(action: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { alsoRetry, onlyRetry, signal = new AbortController().signal, initialDelayMs, maxDelayMs } = options
  // A signal that is aborted already fires no event: a hanging attempt would never be abandoned.
  if (options.abandonAttempt) signal.throwIfAborted()
  const isRetried = onlyRetry ?? ((error: ValenceError) => error.retryable || alsoRetry?.(error) === true)
  const abort = Promise.withResolvers<never>()
  abort.promise.catch(() => undefined)
  let failure: { readonly error: unknown } | undefined
  let isPausing = false
  const onAbort = () => {
    if (isPausing && failure) abort.reject(failure.error)
    else if (options.abandonAttempt) abort.reject(signal.reason)
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
  // cockatiel does not end a delay on abort and calls this after it; then no further attempt may start.
  async function attempt(): Promise<T> {
    if (isPausing && signal.aborted && failure) throw failure.error
    isPausing = false
    return action()
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([policy.execute(attempt, signal), abort.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
