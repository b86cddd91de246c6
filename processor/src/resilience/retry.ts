import { isValenceError, type ValenceError } from '@valence/schemas'
import { ExponentialBackoff, handleWhen, retry } from 'cockatiel'

export interface RetryOptions {
  readonly initialDelayMs: number
  readonly maxDelayMs: number
  /** Codes that are waited out beside those the catalogue calls retryable. */
  readonly alsoRetry?: ReadonlySet<string>
  /** Ends the retries; the last error is thrown. */
  readonly signal: AbortSignal
  readonly onRetry: (error: ValenceError, delayMs: number) => void
}

/** Runs `action` until it succeeds, for as long as its errors are retryable; others are thrown at once. */
export async function retryWhileRetryable<T>(action: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { alsoRetry, signal } = options
  const policy = retry(
    handleWhen(
      (error) => isValenceError(error) && (error.retryable || !!alsoRetry?.has(error.code)) && !signal.aborted,
    ),
    {
      maxAttempts: Number.MAX_SAFE_INTEGER,
      backoff: new ExponentialBackoff({ initialDelay: options.initialDelayMs, maxDelay: options.maxDelayMs }),
    },
  )
  policy.onRetry((event) => {
    if ('error' in event) options.onRetry(event.error as ValenceError, event.delay)
  })
  return policy.execute(action, options.signal)
}
