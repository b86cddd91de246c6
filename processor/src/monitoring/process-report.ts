import { metricTree } from '../observability/metric-tree.ts'
import { type Interval, mergeBuckets, quantile } from './interval.ts'

const { http, inference, kafka, model, pipeline, redis, scoring, breaker } = metricTree

/** Events that indicate a fault: the total since the process started, and the current rate. */
export interface ErrorCount {
  readonly what: string
  readonly total: number
  readonly perSecond: number
}

/** State and rates of one process, from two scrapes of its `/metrics`. Ratios lie between 0 and 1; null means no observations. */
export interface ProcessReport {
  readonly textsPerSecond: number
  /** From the append of a record to the commit of its result. */
  readonly p50Seconds: number | null
  readonly p99Seconds: number | null
  readonly httpRequestsPerSecond: number
  readonly httpP50Seconds: number | null
  readonly httpP99Seconds: number | null
  /** Records fetched and not yet scored; `queuedTexts`: texts waiting for a batch. */
  readonly queuedRecords: number
  readonly queuedTexts: number
  readonly batchTexts: number | null
  readonly batchTokens: number | null
  readonly paddingRatio: number | null
  /** Share of batches that each cause closed. */
  readonly batchCauses: Readonly<Record<string, number>>
  readonly cacheHitRatio: number | null
  readonly assignedPartitions: number
  readonly workers: number
  readonly cpuCores: number
  readonly residentBytes: number
  readonly model: string | null
  readonly openBreakers: readonly string[]
  readonly errors: readonly ErrorCount[]
}

export function reportProcess(interval: Interval): ProcessReport {
  const { now } = interval
  const endToEnd = interval.buckets(pipeline.endToEnd.name)
  const requests = interval.buckets(http.duration.name)
  const [info] = now.all(model.info.name)
  return {
    textsPerSecond: interval.perSecond(scoring.texts.name, { verdict: 'scored' }),
    p50Seconds: quantile(0.5, endToEnd),
    p99Seconds: quantile(0.99, endToEnd),
    httpRequestsPerSecond: interval.perSecond(http.requests.name),
    httpP50Seconds: quantile(0.5, requests),
    httpP99Seconds: quantile(0.99, requests),
    queuedRecords: now.sum(pipeline.queued.name),
    queuedTexts: now.sum(scoring.queueDepth.name),
    batchTexts: interval.mean(scoring.batchTexts.name),
    batchTokens: interval.mean(scoring.batchTokens.name),
    paddingRatio: interval.mean(scoring.padding.name),
    batchCauses: shares(interval),
    cacheHitRatio: cacheHits(interval),
    assignedPartitions: now.sum(kafka.partitions.name),
    workers: now.sum(inference.workers.name),
    cpuCores: interval.perSecond('process_cpu_seconds_total'),
    residentBytes: now.sum('process_resident_memory_bytes'),
    model: info === undefined ? null : `${info.labels.name} ${info.labels.version}`,
    openBreakers: now.all(breaker.state.name).flatMap(({ labels, value }) => (value > 0 ? [labels.part ?? ''] : [])),
    errors: countErrors(interval),
  }
}

function shares(interval: Interval): Record<string, number> {
  const { name } = scoring.batches
  const all = interval.increase(name)
  if (all === 0) return {}
  return Object.fromEntries(
    scoring.batches.labels.cause.map((cause) => [cause, interval.increase(name, { cause }) / all]),
  )
}

/** Hits of both levels per text. Redis is only asked after a miss in memory, so memory look-ups count the texts. */
function cacheHits(interval: Interval): number | null {
  const { name } = scoring.cacheLookups
  const asked = interval.increase(name, { level: 'memory' }) || interval.increase(name, { level: 'shared' })
  return asked > 0 ? interval.increase(name, { outcome: 'hit' }) / asked : null
}

function countErrors(interval: Interval): ErrorCount[] {
  const one = (what: string, name: string, labels: Readonly<Record<string, string>> = {}): ErrorCount => ({
    what,
    total: interval.now.sum(name, labels),
    perSecond: interval.perSecond(name, labels),
  })
  const byCode = (what: string, name: string) =>
    interval.now.all(name).map(({ labels }) => one(`${what} ${labels.code}`, name, labels))
  const counts = [
    ...byCode('dead letters', pipeline.deadLetters.name),
    ...byCode('retries', pipeline.retries.name),
    one('transactions aborted', kafka.transactions.name, { outcome: 'aborted' }),
    one('transactions fenced', kafka.transactions.name, { outcome: 'fenced' }),
    one('workers replaced', inference.workerRestarts.name),
    one('redis errors', redis.errors.name),
    one('models refused', model.reloads.name, { outcome: 'refused' }),
    ...byCode('requests refused', http.refused.name),
  ]
  return counts.filter(({ total }) => total > 0)
}

/** Totals over several processes; undefined for none. */
export function reportAll(intervals: readonly Interval[]) {
  if (intervals.length === 0) return undefined
  const reports = intervals.map(reportProcess)
  const total = (value: (report: ProcessReport) => number) => reports.reduce((sum, report) => sum + value(report), 0)
  const merged = (name: string) => mergeBuckets(intervals.map((interval) => interval.buckets(name)))
  const [endToEnd, requests] = [merged(pipeline.endToEnd.name), merged(http.duration.name)]
  return {
    textsPerSecond: total(({ textsPerSecond }) => textsPerSecond),
    p50Seconds: quantile(0.5, endToEnd),
    p99Seconds: quantile(0.99, endToEnd),
    httpRequestsPerSecond: total(({ httpRequestsPerSecond }) => httpRequestsPerSecond),
    httpP50Seconds: quantile(0.5, requests),
    httpP99Seconds: quantile(0.99, requests),
    errors: sumErrors(reports),
    openBreakers: [...new Set(reports.flatMap(({ openBreakers }) => openBreakers))],
  }
}

function sumErrors(reports: readonly ProcessReport[]): ErrorCount[] {
  const byKind = Map.groupBy(
    reports.flatMap(({ errors }) => errors),
    ({ what }) => what,
  )
  return [...byKind].map(([what, counts]) => ({
    what,
    total: counts.reduce((sum, { total }) => sum + total, 0),
    perSecond: counts.reduce((sum, { perSecond }) => sum + perSecond, 0),
  }))
}
