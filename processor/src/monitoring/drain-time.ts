import type { LagSnapshot, PartitionLag } from '../kafka/group-lag.ts'
import { partitionName, type TopicPartition } from '../kafka/topic-partition.ts'

export interface Flow {
  /** Records written per second between two snapshots. */
  readonly arrivalsPerSecond: number
  /** Records done per second; null where the group has committed nothing. */
  readonly donePerSecond: number | null
  /** Until the lag is gone at these rates; null where it does not shrink. */
  readonly secondsToDrain: number | null
}

export interface PartitionFlow extends PartitionLag, Flow {}

export interface LagReport {
  readonly groupId: string
  readonly state: string
  readonly at: number
  readonly partitions: readonly PartitionFlow[]
  /** Without a leader, and without a lag that anybody knows. */
  readonly leaderless: readonly TopicPartition[]
  readonly total: Flow & { readonly lag: bigint }
}

/** Seconds until a lag is gone; null where it does not shrink. */
export function secondsToDrain(lag: number, arrivalsPerSecond: number, donePerSecond: number): number | null {
  if (lag <= 0) return 0
  const net = donePerSecond - arrivalsPerSecond
  return net > 0 ? lag / net : null
}

/** What happened between two snapshots of the same group. */
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
  // A group that commits for the first time has done what its lag lost.
  const from = before === undefined ? undefined : (before.committed ?? before.end - before.lag)
  const donePerSecond = now.committed === null || from === undefined ? null : rate(from, now.committed, seconds)
  return {
    arrivalsPerSecond,
    donePerSecond,
    secondsToDrain: secondsToDrain(Number(now.lag), arrivalsPerSecond, donePerSecond ?? 0),
  }
}

/** Never negative: a topic that was deleted and created again begins at 0. */
function rate(before: bigint, now: bigint, seconds: number): number {
  return Math.max(0, Number(now - before)) / seconds
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
