import { setTimeout as sleep } from 'node:timers/promises'
import { type ErrorCode, isValenceError, ValenceError } from '@valence/schemas'
import type { LagSnapshot } from '../kafka/group-lag.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { Scaler, ScalingReport } from './scaler.ts'

export interface GroupWatch {
  readonly read: () => Promise<LagSnapshot>
  readonly scaler: Scaler
  readonly intervalMs: number
  readonly signal: AbortSignal
  readonly onReport: (report: ScalingReport) => void
  /** Called for the first of several consecutive failures, and again when the code changes. */
  readonly onLost: (error: ValenceError) => void
  readonly onBack: () => void
}

/** Queries the group periodically until stopped. After a failed query the last count is kept. */
export async function watchGroup(watch: GroupWatch): Promise<void> {
  const { signal, scaler } = watch
  let lostBy: ErrorCode | undefined
  while (!signal.aborted) {
    try {
      const report = scaler.observe(await watch.read())
      if (lostBy !== undefined) watch.onBack()
      lostBy = undefined
      watch.onReport(report)
    } catch (error) {
      if (signal.aborted) return
      const known = asKnown(error)
      if (known.code !== lostBy) watch.onLost(known)
      lostBy = known.code
      const report = scaler.unreachable()
      if (report !== undefined) watch.onReport(report)
    }
    await sleep(watch.intervalMs, undefined, { signal }).catch(() => undefined)
  }
}

function asKnown(error: unknown): ValenceError {
  return isValenceError(error) ? error : new ValenceError('VAL_KAFKA_UNREACHABLE', undefined, { cause: error })
}

export function meterScaling({ scaling }: Metrics, report: ScalingReport): void {
  scaling.desired.set(report.desiredReplicas)
  scaling.replicas.set(report.replicas)
  scaling.demand.set(report.demand)
  scaling.capacity.set(report.capacity)
  scaling.drain.set(report.total.secondsToDrain ?? Number.POSITIVE_INFINITY)
  scaling.hot.set(report.hot.length)
  scaling.decisions.inc({ reason: report.reason })
  for (const { topic, partition, end, lag, arrivalsPerSecond, donePerSecond } of report.partitions) {
    const labels = { topic, partition: String(partition) }
    scaling.lag.set(labels, Number(lag))
    // For a group without committed offsets, the offset where it would start.
    scaling.position.set(labels, Number(end - lag))
    scaling.arrivals.set(labels, arrivalsPerSecond)
    scaling.done.set(labels, donePerSecond ?? 0)
  }
}

/** JSON form; offsets are strings of digits, because they may exceed 2^53. */
export function describeScaling(report: ScalingReport): object {
  return {
    ...report,
    partitions: report.partitions.map(({ committed, end, lag, ...rest }) => ({
      ...rest,
      committed: committed === null ? null : String(committed),
      end: String(end),
      lag: Number(lag),
    })),
  }
}
