import type { Flow, LagReport } from '../monitoring/drain-time.ts'

/** Lag, both rates and the time to drain, as cells of a table. */
export function flowCells({
  lag,
  arrivalsPerSecond,
  donePerSecond,
  secondsToDrain,
}: Flow & { readonly lag: bigint }): string[] {
  return [
    String(lag),
    perSecond(arrivalsPerSecond),
    donePerSecond === null ? '-' : perSecond(donePerSecond),
    duration(secondsToDrain),
  ]
}

export function perSecond(rate: number): string {
  return rate >= 100 || rate === 0 ? rate.toFixed(0) : rate.toFixed(1)
}

/** `4 s`, `3 min`, `2.5 h`; `never` if the lag does not shrink. */
export function duration(seconds: number | null): string {
  if (seconds === null) return 'never'
  if (seconds < 120) return `${Math.ceil(seconds)} s`
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`
}

/** For JSON: offsets are decimal digits, because they can exceed 2^53; lags are numbers. */
export function lagToJson({ partitions, total, ...group }: LagReport) {
  return {
    ...group,
    partitions: partitions.map(({ committed, end, lag, ...rest }) => ({
      ...rest,
      committed: committed === null ? null : String(committed),
      end: String(end),
      lag: Number(lag),
    })),
    total: { ...total, lag: Number(total.lag) },
  }
}
