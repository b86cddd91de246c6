import type { Metrics } from '../observability/metrics.ts'
import type { PoolObserver } from './worker-pool.ts'
import type { LossReason } from './worker-thread.ts'

/** A pool observer that updates the metrics and passes losses to `onLost` for logging. */
export function meterWorkerPool(
  { inference }: Metrics,
  onLost: (reason: LossReason, detail: string) => void = () => undefined,
): PoolObserver {
  return {
    inferred: (inferMs) => inference.infer.observe(inferMs / 1_000),
    workersReady: (count) => inference.workers.set(count),
    workerLost(reason, detail) {
      inference.workerRestarts.inc({ reason })
      onLost(reason, detail)
    },
  }
}
