import { retryWhileRetryable } from '../platform/retry.ts'

const timeoutMs = 15_000

/**
 * Retries for 15 s to join a group, to begin a transaction or to read the ends of logs: on a fresh cluster, or after the
 * loss of a broker, the coordinator is loading and partitions have no leader for a moment. For commands; services retry
 * without limit.
 */
export function joinPatiently<T>(join: () => Promise<T>): Promise<T> {
  return retryWhileRetryable(join, {
    initialDelayMs: 200,
    maxDelayMs: 1_000,
    signal: AbortSignal.timeout(timeoutMs),
  })
}
