import { redact } from '../../config/redaction.ts'
import { partitionName, type TopicPartition } from '../../kafka/topic-partition.ts'
import type { PartitionFlow } from '../../monitoring/drain-time.ts'
import type { ErrorCount, ProcessReport } from '../../monitoring/process-report.ts'
import type { GroupView, ProcessView, TopReport } from '../../monitoring/top-watch.ts'
import type { Output } from '../context.ts'
import { duration, perSecond } from '../flow-cells.ts'
import { counted, paint } from '../output.ts'
import { cutLine, fitTable, type OptionalColumn, plain } from './fit-table.ts'

export interface TopSize {
  readonly columns: number
  readonly rows: number
}

const maxErrorLines = 4
const maxLeaderless = 4
/** If the group was last read longer ago, its age is shown. */
const staleMs = 5_000
const right = { align: 'right' } as const

/** The whole view, cut to the size of the terminal; partitions that do not fit are shown as a count. */
export function layoutTop(stdout: Output, report: TopReport, { columns, rows }: TopSize): string[] {
  const head = [
    ...describeGroup(stdout, report),
    '',
    ...tabulateProcesses(stdout, report.processes, { columns, rows: Math.max(3, Math.floor(rows / 3)) }),
    ...describeErrors(stdout, report),
    '',
  ]
  const partitions = report.group.lag?.partitions ?? []
  const room = Math.max(2, rows - head.length)
  return [...head, ...tabulatePartitions(partitions, { columns, rows: room })].map((line) => cutLine(line, columns))
}

function describeGroup(stdout: Output, { at, group, total }: TopReport): string[] {
  const { lag, error } = group
  const time = new Date(at).toISOString().slice(11, 19)
  const state = lag && paint(stdout, lag.state === 'Stable' ? 'green' : 'yellow', lag.state)
  const lines = [[time, `group ${plain(group.groupId)}`, state, lag && counted(group.members, 'member')]]
  if (error)
    lines.push([paint(stdout, 'red', plain(redact(`no answer, asking again: ${error.code}: ${error.message}`)))])
  else if (lag === undefined) lines.push(['asking the brokers'])
  if (lag) {
    const { arrivalsPerSecond, donePerSecond, secondsToDrain } = lag.total
    lines.push([
      `lag ${lag.total.lag}`,
      `in ${perSecond(arrivalsPerSecond)}/s`,
      `done ${perSecond(donePerSecond ?? 0)}/s`,
      secondsToDrain === null ? 'drained never' : `drained in ${duration(secondsToDrain)}`,
      ageOf(stdout, group, at),
    ])
    if (lag.leaderless.length > 0) lines.push([paint(stdout, 'red', nameLeaderless(lag.leaderless))])
  }
  if (total) {
    lines.push([`texts ${perSecond(total.textsPerSecond)}/s`, ...quantiles(total.p50Seconds, total.p99Seconds)])
    const { httpRequestsPerSecond: requests } = total
    if (requests > 0) {
      lines.push([`http ${perSecond(requests)}/s`, ...quantiles(total.httpP50Seconds, total.httpP99Seconds)])
    }
  }
  return lines.map((parts) => parts.filter((part) => part !== undefined).join('  '))
}

function nameLeaderless(partitions: readonly TopicPartition[]): string {
  const shown = partitions.slice(0, maxLeaderless).map((own) => plain(partitionName(own)))
  const more = partitions.length - shown.length
  return `without a leader: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function ageOf(stdout: Output, { lag }: GroupView, now: number): string | undefined {
  const ageMs = now - (lag?.at ?? now)
  return ageMs > staleMs ? paint(stdout, 'yellow', `as of ${duration(ageMs / 1_000)} ago`) : undefined
}

/** Cell of a process; empty if the process has no report. */
function cellOf(text: (report: ProcessReport) => string): (view: ProcessView) => string {
  return ({ report }) => (report === undefined ? '' : text(report))
}

const processColumns: readonly OptionalColumn<ProcessView>[] = [
  { title: 'PROCESS', rank: 0, cell: ({ admin }) => admin },
  { title: 'TEXTS/s', rank: 0, ...right, cell: cellOf((own) => perSecond(own.textsPerSecond)) },
  { title: 'P50', rank: 2, ...right, cell: cellOf((own) => latency(own.p50Seconds ?? own.httpP50Seconds)) },
  { title: 'P99', rank: 1, ...right, cell: cellOf((own) => latency(own.p99Seconds ?? own.httpP99Seconds)) },
  { title: 'QUEUED', rank: 4, ...right, cell: cellOf((own) => String(own.queuedRecords + own.queuedTexts)) },
  { title: 'BATCH', rank: 3, ...right, cell: cellOf((own) => own.batchTexts?.toFixed(1) ?? '-') },
  { title: 'PAD', rank: 7, ...right, cell: cellOf((own) => percent(own.paddingRatio)) },
  { title: 'CACHE', rank: 5, ...right, cell: cellOf((own) => percent(own.cacheHitRatio)) },
  { title: 'CPU', rank: 6, ...right, cell: cellOf((own) => percent(own.cpuCores)) },
  { title: 'MiB', rank: 8, ...right, cell: cellOf((own) => (own.residentBytes / 2 ** 20).toFixed(0)) },
]

/** In the given order if all fit; else those that do not answer, then the slowest. */
function tabulateProcesses(stdout: Output, processes: readonly ProcessView[], { columns, rows }: TopSize): string[] {
  const fits = processes.length < rows
  const shown = fits ? processes : processes.toSorted((a, b) => slowness(b) - slowness(a)).slice(0, rows - 2)
  const [answering, silent] = [shown.filter(({ error }) => !error), shown.filter(({ error }) => error)]
  return [
    ...(answering.length > 0 ? fitTable(processColumns, answering, columns) : []),
    ...silent.map(({ admin, error = '' }) => paint(stdout, 'red', plain(`${admin}: ${error}`))),
    ...(fits ? [] : [`… ${processes.length - shown.length} more`]),
  ]
}

function slowness({ report, error }: ProcessView): number {
  return error === undefined ? (report?.p99Seconds ?? 0) : Number.POSITIVE_INFINITY
}

function describeErrors(stdout: Output, { total }: TopReport): string[] {
  if (total === undefined) return []
  const worst = total.errors.toSorted((a, b) => b.perSecond - a.perSecond || b.total - a.total)
  const lines = worst.slice(0, maxErrorLines).map((count) => describeError(stdout, count))
  if (worst.length > maxErrorLines) lines.push(`… ${worst.length - maxErrorLines} more kinds of error`)
  if (total.openBreakers.length > 0) {
    lines.push(paint(stdout, 'red', `circuit breakers not closed: ${total.openBreakers.join(', ')}`))
  }
  return ['', ...(lines.length === 0 ? ['no errors'] : lines)]
}

function describeError(stdout: Output, { what, total, perSecond: rate }: ErrorCount): string {
  const now = rate > 0 ? paint(stdout, 'red', `${perSecond(rate)}/s`) : 'none now'
  return `${plain(what)}: ${now}, ${total} since the start`
}

function partitionColumns(topics: number): readonly OptionalColumn<PartitionFlow>[] {
  const [topicRank, ownerRank] = topics > 1 ? [0, 3] : [4, 3]
  return [
    { title: 'TOPIC', rank: topicRank, cell: ({ topic }) => topic },
    { title: 'PART', rank: 0, ...right, cell: ({ partition }) => String(partition) },
    { title: 'LAG', rank: 0, ...right, cell: ({ lag }) => String(lag) },
    { title: 'IN/s', rank: 2, ...right, cell: ({ arrivalsPerSecond }) => perSecond(arrivalsPerSecond) },
    {
      title: 'DONE/s',
      rank: 1,
      ...right,
      cell: ({ donePerSecond }) => (donePerSecond === null ? '-' : perSecond(donePerSecond)),
    },
    { title: 'DRAINED IN', rank: 0, ...right, cell: ({ secondsToDrain }) => duration(secondsToDrain) },
    { title: 'OWNER', rank: ownerRank, cell: ({ owner }) => plain(owner ?? '-') },
  ]
}

/** In order if all fit; else the worst, with count and lag of the rest. */
function tabulatePartitions(partitions: readonly PartitionFlow[], { columns, rows }: TopSize): string[] {
  if (partitions.length === 0) return []
  const room = rows - 1
  const fits = partitions.length <= room
  const shown = fits ? partitions : partitions.toSorted(worstFirst).slice(0, Math.max(1, room - 1))
  const table = fitTable(partitionColumns(new Set(partitions.map(({ topic }) => topic)).size), shown, columns)
  if (fits) return table
  const rest = partitions.toSorted(worstFirst).slice(shown.length)
  const lag = rest.reduce((sum, own) => sum + own.lag, 0n)
  return [...table, `… ${rest.length} more, lag ${lag} in all`]
}

/** Sorts by time to drain, longest first; a partition that never drains comes before all others. */
function worstFirst(a: PartitionFlow, b: PartitionFlow): number {
  const [one, other] = [a, b].map(({ secondsToDrain }) => secondsToDrain ?? Number.MAX_VALUE) as [number, number]
  return other - one || Number(b.lag - a.lag)
}

/** `<1 ms`, `120 ms`, `4.8 s`, `3 min`. */
function latency(seconds: number | null): string {
  if (seconds === null) return '-'
  if (seconds < 0.001) return '<1 ms'
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`
  return seconds < 120 ? `${seconds.toFixed(1)} s` : duration(seconds)
}

function quantiles(p50: number | null, p99: number | null): string[] {
  return [`p50 ${latency(p50)}`, `p99 ${latency(p99)}`]
}

function percent(ratio: number | null): string {
  return ratio === null ? '-' : `${Math.round(ratio * 100)} %`
}
