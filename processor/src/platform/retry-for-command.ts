import { retryWhileRetryable } from './retry.ts'

const timeoutMs = 15_000

/**
 * The retry of commands: 15 s for what a cluster or a registry refuses for a moment. On a fresh cluster, or after the loss
 * of a broker, the coordinator is loading and partitions have no leader. Services retry without limit.
 */
export function retryForCommand<T>(action: () => Promise<T>): Promise<T> {
  return retryWhileRetryable(action, {
    initialDelayMs: 200,
    maxDelayMs: 1_000,
    signal: AbortSignal.timeout(timeoutMs),
  })
}
