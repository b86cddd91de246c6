import { retryWhileRetryable } from './retry.ts'

const timeoutMs = 15_000

/**
 * Retries for 15 s, for commands. On a new cluster, or after the loss of a broker, the coordinator is loading and
 * partitions have no leader for some seconds. Services retry without limit instead.
 */
export function retryForCommand<T>(action: () => Promise<T>): Promise<T> {
  return retryWhileRetryable(action, {
    initialDelayMs: 200,
    maxDelayMs: 1_000,
    signal: AbortSignal.timeout(timeoutMs),
  })
}
