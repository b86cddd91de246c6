import type { MetricSamples } from './metric-samples.ts'

/** Cumulative histogram: upper bound → number of observations no greater than it. */
type Buckets = ReadonlyMap<number, number>

/** A counter smaller than before was reset by a restart, so its value is the increase. */
function increase(before: number, now: number): number {
  return now >= before ? now - before : now
}

/** Increases, rates and means of the metrics of one process between two scrapes. */
export class Interval {
  readonly now: MetricSamples
  readonly seconds: number
  readonly #before: MetricSamples

  constructor(before: MetricSamples, now: MetricSamples, seconds: number) {
    this.#before = before
    this.now = now
    this.seconds = Math.max(seconds, 0.001)
  }

  /** Increase of a counter, summed over the samples with these labels. */
  increase(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return increase(this.#before.sum(name, labels), this.now.sum(name, labels))
  }

  perSecond(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.increase(name, labels) / this.seconds
  }

  /** Mean of the observations of a histogram; null without observations. */
  mean(name: string): number | null {
    const count = this.increase(`${name}_count`)
    return count > 0 ? this.increase(`${name}_sum`) / count : null
  }

  /** Observations of a histogram by bucket, summed over its other labels. */
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

/** Sums the buckets of several processes. */
export function mergeBuckets(all: readonly Buckets[]): Buckets {
  const merged = new Map<number, number>()
  for (const buckets of all) {
    for (const [bound, count] of buckets) merged.set(bound, (merged.get(bound) ?? 0) + count)
  }
  return merged
}

/**
 * Quantile of a histogram, estimated like Prometheus' `histogram_quantile`: linear within a bucket, at most the last
 * finite bound. Null without observations.
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
