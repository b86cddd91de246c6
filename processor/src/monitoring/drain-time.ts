import type { LagSnapshot, PartitionLag } from '../kafka/group-lag.ts'
import { partitionName, type TopicPartition } from '../kafka/topic-partition.ts'

export interface Flow {
  /** Records written per second between two snapshots. */
  readonly arrivalsPerSecond: number
  /** Records committed per second; null if the group has committed nothing. */
  readonly donePerSecond: number | null
  /** Seconds until the lag is 0 at these rates; null if it does not shrink. */
  readonly secondsToDrain: number | null
}

export interface PartitionFlow extends PartitionLag, Flow {}

export interface LagReport {
  readonly groupId: string
  readonly state: string
  readonly at: number
  readonly partitions: readonly PartitionFlow[]
  /** Partitions without a leader; their lag is unknown. */
  readonly leaderless: readonly TopicPartition[]
  readonly total: Flow & { readonly lag: bigint }
}

/** Seconds until the lag is 0; null if it does not shrink. */
export function secondsToDrain(lag: number, arrivalsPerSecond: number, donePerSecond: number): number | null {
  if (lag <= 0) return 0
  const net = donePerSecond - arrivalsPerSecond
  return net > 0 ? lag / net : null
}

/** Rates and lag between two snapshots of the same group. */
export function reportLag(before: LagSnapshot, now: LagSnapshot): LagReport {
  const seconds = Math.max((now.at - before.at) / 1_000, 0.001)
  const earlier = new Map(before.partitions.map((own) => [partitionName(own), own]))
  const partitions = now.partitions.map((own) => ({ ...own, ...flowOf(earlier.get(partitionName(own)), own, seconds) }))
  const lag = partitions.reduce((sum, own) => sum + own.lag, 0n)
  const arrivalsPerSecond = sum(partitions.map((own) => own.arrivalsPerSecond))
  const donePerSecond = sum(partitions.map((own) => own.donePerSecond ?? 0))
  return {
    groupId: now.groupId,
    state: now.state,
    at: now.at,
    partitions,
    leaderless: now.leaderless,
    total: {
      lag,
      arrivalsPerSecond,
      donePerSecond,
      secondsToDrain: secondsToDrain(Number(lag), arrivalsPerSecond, donePerSecond),
    },
  }
}

function flowOf(before: PartitionLag | undefined, now: PartitionLag, seconds: number): Flow {
  const arrivalsPerSecond = before === undefined ? 0 : rate(before.end, now.end, seconds)
  // A first commit has no earlier position to compare with: the decrease of the lag counts as committed.
  const from = before === undefined ? undefined : (before.committed ?? before.end - before.lag)
  const donePerSecond = now.committed === null || from === undefined ? null : rate(from, now.committed, seconds)
  return {
    arrivalsPerSecond,
    donePerSecond,
    secondsToDrain: secondsToDrain(Number(now.lag), arrivalsPerSecond, donePerSecond ?? 0),
  }
}

/** Clamped to 0, because offsets restart at 0 when a topic is deleted and created again. */
function rate(before: bigint, now: bigint, seconds: number): number {
  return Math.max(0, Number(now - before)) / seconds
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
