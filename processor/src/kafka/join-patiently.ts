import { retryWhileRetryable } from '../platform/retry.ts'

const timeoutMs = 15_000

/**
 * Tries for a while to join a group, to begin a transaction or to read where logs end: on a fresh cluster, or after the
 * loss of a broker, the coordinator is loading for a moment, and partitions have no leader. For commands; a service retries for as long as it takes.
 */
export function joinPatiently<T>(join: () => Promise<T>): Promise<T> {
  return retryWhileRetryable(join, {
    initialDelayMs: 200,
    maxDelayMs: 1_000,
    signal: AbortSignal.timeout(timeoutMs),
  })
}
