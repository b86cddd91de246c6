/** One moment of a soak run. */
export interface SoakSample {
  /** Seconds since the first record. */
  readonly second: number
  readonly rssMiB: number
  /** Since the sample before. */
  readonly eventLoopDelayP99Ms: number
  /** Records that the group has not committed, asked of the broker. */
  readonly lag: number
  /** Scored and dead-lettered since the sample before. */
  readonly recordsPerSecond: number
}

/** Least-squares slope of y over x; 0 where there are too few points to have one. */
export function slope(points: readonly (readonly [number, number])[]): number {
  const count = points.length
  const mean = (pick: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + pick(point), 0) / count
  const [meanX, meanY] = [mean(([x]) => x), mean(([, y]) => y)]
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  if (count < 2 || spread === 0) return 0
  return points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export interface SoakSummary {
  readonly rssMiB: { readonly first: number; readonly last: number; readonly max: number }
  /** Of the second half, when caches are full: what a leak would show in. */
  readonly rssMiBPerHour: number
  readonly eventLoopDelayP99Ms: { readonly median: number; readonly max: number }
  readonly lag: { readonly median: number; readonly max: number; readonly last: number }
  readonly recordsPerSecond: { readonly median: number; readonly min: number }
}

export function summarise(samples: readonly SoakSample[]): SoakSummary {
  const of = (pick: (sample: SoakSample) => number) => samples.map(pick)
  const second = samples.slice(Math.floor(samples.length / 2))
  const rss = of(({ rssMiB }) => rssMiB)
  const delay = of(({ eventLoopDelayP99Ms }) => eventLoopDelayP99Ms)
  const lag = of((sample) => sample.lag)
  const rate = of(({ recordsPerSecond }) => recordsPerSecond)
  return {
    rssMiB: { first: rss[0] ?? Number.NaN, last: rss.at(-1) ?? Number.NaN, max: Math.max(...rss) },
    rssMiBPerHour: slope(second.map((sample) => [sample.second / 3_600, sample.rssMiB])),
    eventLoopDelayP99Ms: { median: percentile(delay, 0.5), max: Math.max(...delay) },
    lag: { median: percentile(lag, 0.5), max: Math.max(...lag), last: lag.at(-1) ?? Number.NaN },
    recordsPerSecond: { median: percentile(rate, 0.5), min: Math.min(...rate) },
  }
}
