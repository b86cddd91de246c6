import { partitionName, type TopicPartition } from '../kafka/topic-partition.ts'
import type { Metrics } from '../observability/metrics.ts'
import { secondsToDrain } from './drain-time.ts'

/**
 * Weight of the newest interval in the exponential moving average. Chosen, not measured: three intervals after a step the
 * average has covered 78 % of it (1 − 0.6³).
 */
const newestWeight = 0.4

/** One partition: log end offset, committed offset, and the rates of both. */
interface TrackedPartition {
  readonly labels: { readonly topic: string; readonly partition: string }
  end: bigint | undefined
  committed: bigint
  arrivedSince: number
  doneSince: number
  arrivalsPerSecond: number
  donePerSecond: number
}

/**
 * Lag, rates and time to drain of the assigned partitions. Transaction markers occupy offsets and count
 * as both arrived and committed, so they leave no lag.
 */
export class PartitionLagTracker {
  readonly #metrics: Metrics['kafka']
  readonly #flows = new Map<string, TrackedPartition>()
  #tickedAt: number

  constructor(metrics: Metrics, nowMs: number) {
    this.#metrics = metrics.kafka
    this.#tickedAt = nowMs
  }

  /** The topics of the tracked partitions. */
  get topics(): string[] {
    return [...new Set([...this.#flows.values()].map(({ labels }) => labels.topic))]
  }

  taken(partition: TopicPartition, position: bigint): void {
    const labels = { topic: partition.topic, partition: String(partition.partition) }
    const rates = { arrivedSince: 0, doneSince: 0, arrivalsPerSecond: 0, donePerSecond: 0 }
    this.#flows.set(partitionName(partition), { labels, end: undefined, committed: position, ...rates })
    this.#metrics.arrived.inc(labels, 0)
    this.#metrics.committed.inc(labels, 0)
  }

  /** Records the log end offset that a fetch or a query returned. */
  logEnd(partition: TopicPartition, end: bigint): void {
    const flow = this.#flows.get(partitionName(partition))
    if (flow === undefined || (flow.end !== undefined && end <= flow.end)) return
    // Records that were in the log before the assignment do not count as arrivals.
    if (flow.end !== undefined) {
      const arrived = Number(end - flow.end)
      flow.arrivedSince += arrived
      this.#metrics.arrived.inc(flow.labels, arrived)
    }
    flow.end = end
    this.#showLag(flow)
  }

  committed(partition: TopicPartition, nextOffset: bigint): void {
    const flow = this.#flows.get(partitionName(partition))
    if (flow === undefined || nextOffset <= flow.committed) return
    const done = Number(nextOffset - flow.committed)
    flow.committed = nextOffset
    flow.doneSince += done
    this.#metrics.committed.inc(flow.labels, done)
    this.#showLag(flow)
  }

  released(partition: TopicPartition): void {
    const flow = this.#flows.get(partitionName(partition))
    if (flow === undefined) return
    this.#flows.delete(partitionName(partition))
    for (const metric of [this.#metrics.lag, this.#metrics.drain, this.#metrics.arrived, this.#metrics.committed]) {
      metric.remove(flow.labels)
    }
  }

  /** Updates the rates with the interval since the last call. */
  tick(nowMs: number): void {
    const seconds = Math.max((nowMs - this.#tickedAt) / 1_000, 0.001)
    this.#tickedAt = nowMs
    for (const flow of this.#flows.values()) {
      flow.arrivalsPerSecond += newestWeight * (flow.arrivedSince / seconds - flow.arrivalsPerSecond)
      flow.donePerSecond += newestWeight * (flow.doneSince / seconds - flow.donePerSecond)
      flow.arrivedSince = 0
      flow.doneSince = 0
      const left = secondsToDrain(lagOf(flow), flow.arrivalsPerSecond, flow.donePerSecond)
      this.#metrics.drain.set(flow.labels, left ?? Number.POSITIVE_INFINITY)
    }
  }

  #showLag(flow: TrackedPartition): void {
    this.#metrics.lag.set(flow.labels, lagOf(flow))
  }
}

function lagOf({ end, committed }: TrackedPartition): number {
  return end === undefined || end < committed ? 0 : Number(end - committed)
}
