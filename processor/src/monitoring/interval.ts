import type { MetricSamples } from './metric-samples.ts'

/** By upper bound, how many observations were no greater. */
type Buckets = ReadonlyMap<number, number>

/** A counter that is smaller than before was started again. */
function increase(before: number, now: number): number {
  return now >= before ? now - before : now
}

/** What the metrics of one process say of the time between two looks. */
export class Interval {
  readonly now: MetricSamples
  readonly seconds: number
  readonly #before: MetricSamples

  constructor(before: MetricSamples, now: MetricSamples, seconds: number) {
    this.#before = before
    this.now = now
    this.seconds = Math.max(seconds, 0.001)
  }

  /** By how much a counter rose, summed over the samples with these labels. */
  increase(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return increase(this.#before.sum(name, labels), this.now.sum(name, labels))
  }

  perSecond(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.increase(name, labels) / this.seconds
  }

  /** The mean of what a histogram observed; null where it observed nothing. */
  mean(name: string): number | null {
    const count = this.increase(`${name}_count`)
    return count > 0 ? this.increase(`${name}_sum`) / count : null
  }

  /** What a histogram observed, by bucket, summed over its other labels. */
  buckets(name: string): Buckets {
    const [earlier, later] = [this.#before, this.now].map((samples) => cumulative(samples, `${name}_bucket`))
    const wasReset = [...(later ?? [])].some(([bound, count]) => count < (earlier?.get(bound) ?? 0))
    return new Map(
      [...(later ?? [])].map(([bound, count]) => [bound, wasReset ? count : count - (earlier?.get(bound) ?? 0)]),
    )
  }
}

function cumulative(samples: MetricSamples, name: string): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { labels, value } of samples.all(name)) {
    const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)
    counts.set(bound, (counts.get(bound) ?? 0) + value)
  }
  return counts
}

/** Buckets of several processes as if they were one. */
export function mergeBuckets(all: readonly Buckets[]): Buckets {
  const merged = new Map<number, number>()
  for (const buckets of all) {
    for (const [bound, count] of buckets) merged.set(bound, (merged.get(bound) ?? 0) + count)
  }
  return merged
}

/**
 * A quantile of what the buckets hold, estimated as Prometheus does: evenly spread within a bucket, and no more than
 * the last finite bound. Null where they hold nothing.
 */
export function quantile(share: number, buckets: Buckets): number | null {
  const sorted = [...buckets].sort(([a], [b]) => a - b)
  const rank = share * (sorted.at(-1)?.[1] ?? 0)
  if (rank === 0) return null
  let [lower, below] = [0, 0]
  for (const [bound, count] of sorted) {
    if (count >= rank) {
      return Number.isFinite(bound) ? lower + ((bound - lower) * (rank - below)) / (count - below) : lower
    }
    lower = bound
    below = count
  }
  return lower
}
