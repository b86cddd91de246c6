import type { PartitionFlow } from '../monitoring/drain-time.ts'

/** Behind by more than it does in this long, a member works as fast as it can. */
const backlogSeconds = 3
/** How much one look changes what is known; single looks are noisy. */
const weight = 0.3
/** How much it changes what is usual. */
const usualWeight = 0.03
/** Without a sight of members at their limit, what was learnt gives way to the usual; half of it in this long. */
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
  /** What it comes back to: a slow hour is forgotten, a slow week becomes the usual. */
  readonly usual: number
}

/** Learns from the members that have more to do than they can; from the others nothing can be learnt. */
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
