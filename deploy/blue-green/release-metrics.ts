import type { Release } from './release.ts'

/** Counters summed over the processes of a release, since their start. */
export interface ReleaseMetrics {
  readonly records: number
  readonly rejected: number
  readonly requests: number
  readonly serverErrors: number
  readonly agreed: number
  readonly differed: number
}

const sample = /^(\w+)(?:\{(.*)\})? (\S+)/

/** Sum of the samples of a metric with matching labels in a Prometheus exposition. */
export function sumOf(exposition: string, name: string, labels = /(?:)/): number {
  let sum = 0
  for (const line of exposition.split('\n')) {
    const [, found, pairs = '', value] = sample.exec(line) ?? []
    if (found === name && labels.test(pairs)) sum += Number(value)
  }
  return sum
}

export async function readMetrics({ adminUrls }: Release): Promise<ReleaseMetrics> {
  const pages = await Promise.all(
    adminUrls.map(async (url) => {
      const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(10_000) })
      if (!response.ok) throw new Error(`${url}/metrics answers ${response.status}`)
      return response.text()
    }),
  )
  const sum = (name: string, labels?: RegExp) => pages.reduce((total, page) => total + sumOf(page, name, labels), 0)
  return {
    records: sum('valence_pipeline_records_total'),
    rejected: sum('valence_pipeline_records_total', /outcome="rejected"/),
    requests: sum('valence_http_requests_total'),
    serverErrors: sum('valence_http_requests_total', /status="5\d\d"/),
    agreed: sum('valence_shadow_texts_total', /outcome="agreed"/),
    differed: sum('valence_shadow_texts_total', /outcome="differed"/),
  }
}

/** Difference of two readings. */
export function since(before: ReleaseMetrics, now: ReleaseMetrics): ReleaseMetrics {
  const names = Object.keys(now) as (keyof ReleaseMetrics)[]
  return Object.fromEntries(names.map((name) => [name, now[name] - before[name]])) as unknown as ReleaseMetrics
}
