/**
 * The Kubernetes autoscaler ignores changes of up to 10 %, so counts closer than that are treated as equal.
 * https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
 */
export const leastStep = 1.1

/**
 * Useful replica counts, smallest first. One more member helps only if the busiest member then has fewer partitions; of
 * all counts with the same number of partitions on the busiest member, only the smallest is useful.
 */
export function usefulCounts(partitions: number): number[] {
  const counts: number[] = []
  for (let each = 1; each <= partitions; each += 1) {
    const count = Math.ceil(partitions / each)
    const next = counts.at(-1)
    if (next === undefined || (count < next && (count * leastStep < next || count === 1))) counts.push(count)
  }
  return counts.reverse()
}

/** The work of `replicas` in units of one replica, for equally loaded partitions: the busiest member is the limit. */
export function effectiveReplicas(replicas: number, partitions: number): number {
  if (replicas <= 0 || partitions <= 0) return 0
  return partitions / Math.ceil(partitions / replicas)
}

/** The smallest useful count that does the work of `needed` replicas, within minimum and maximum. */
export function snapReplicas(needed: number, partitions: number, min: number, max: number): number {
  const most = Math.min(max, Math.max(partitions, min))
  if (needed <= 0) return Math.min(min, most)
  const counts = usefulCounts(partitions)
  const fitting = counts.find((count) => effectiveReplicas(count, partitions) >= needed) ?? partitions
  return Math.max(min, Math.min(most, fitting))
}
