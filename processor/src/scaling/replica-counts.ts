/**
 * The autoscaler of Kubernetes ignores a change of up to a tenth, so counts nearer than that are not told apart.
 * https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
 */
export const leastStep = 1.1

/**
 * Counts worth running, smallest first. A member more only helps once the busiest member has a partition less, so of all
 * counts that leave the same number of partitions to the busiest, the smallest does the same work.
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

/** How many replicas' worth of work `replicas` do when all partitions are alike: the busiest member sets the pace. */
export function effectiveReplicas(replicas: number, partitions: number): number {
  if (replicas <= 0 || partitions <= 0) return 0
  return partitions / Math.ceil(partitions / replicas)
}

/** The smallest useful count that does the work of `needed` replicas, within the limits. */
export function snapReplicas(needed: number, partitions: number, min: number, max: number): number {
  const most = Math.min(max, Math.max(partitions, min))
  if (needed <= 0) return Math.min(min, most)
  const counts = usefulCounts(partitions)
  const fitting = counts.find((count) => effectiveReplicas(count, partitions) >= needed) ?? partitions
  return Math.max(min, Math.min(most, fitting))
}
