import type { PartitionFlow } from '../monitoring/drain-time.ts'

/** A member whose lag exceeds its work of this time runs at its capacity. */
const backlogSeconds = 3
/** Weight of one sample in the current estimate; single samples are noisy. */
const weight = 0.3
/** Weight of one sample in the long-term estimate. */
const usualWeight = 0.03
/** Without members at their capacity, the current estimate returns to the long-term one with this half-life. */
const halfLifeSeconds = 3_600

interface MemberFlow {
  readonly donePerSecond: number
  readonly isBehind: boolean
}

function memberFlows(partitions: readonly PartitionFlow[]): MemberFlow[] {
  const byOwner = Map.groupBy(
    partitions.filter((own) => own.owner !== null),
    (own) => own.owner,
  )
  return [...byOwner.values()].map((owned) => {
    const donePerSecond = owned.reduce((sum, own) => sum + (own.donePerSecond ?? 0), 0)
    const lag = Math.max(...owned.map((own) => Number(own.lag)))
    return { donePerSecond, isBehind: donePerSecond > 0 && lag > backlogSeconds * donePerSecond }
  })
}

/** Texts per second of one replica. */
export interface Capacity {
  readonly known: number
  /** The long-term estimate: a slow hour hardly changes it, a slow week does. */
  readonly usual: number
}

/** Learns from members with a large lag; other members show only their load, not their capacity. */
export function learnCapacity(
  { known, usual }: Capacity,
  partitions: readonly PartitionFlow[],
  elapsedSeconds: number,
): Capacity {
  const rates = memberFlows(partitions)
    .filter((own) => own.isBehind)
    .map((own) => own.donePerSecond)
    .sort((a, b) => a - b)
  const middle = rates[Math.floor(rates.length / 2)]
  if (middle !== undefined) {
    return { known: known + weight * (middle - known), usual: usual + usualWeight * (middle - usual) }
  }
  return { known: usual + (known - usual) * 0.5 ** (elapsedSeconds / halfLifeSeconds), usual }
}
