import type { FaultRow, QuietFacts } from '../counting/fault-report.ts'
import { markdownTable } from '../counting/markdown-table.ts'

type QuietRow = FaultRow & { readonly quiet: QuietFacts }

const isQuiet = (row: FaultRow): row is QuietRow => row.quiet !== undefined
const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`
const worst = (runs: readonly QuietRow[], of: (row: QuietRow) => number) => Math.max(...runs.map(of))

/** The tables of the runs in which nothing follows a fault; none where there are no such runs. */
export function quietTables(rows: readonly FaultRow[]): string[] {
  const quiet = rows.filter(isQuiet)
  const [complete, bare] = [quiet.filter(({ without }) => !without), quiet.filter(({ without }) => without)]
  return [
    ...(complete.length === 0 ? [] : [title(complete), table(complete)]),
    ...(bare.length === 0 ? [] : ['The same with a protection taken away:', bareTable(bare)]),
  ]
}

function title(rows: readonly QuietRow[]): string {
  const dates = [...new Set(rows.map(({ date }) => date))].sort().join(', ')
  return `The quiet form, in which nothing follows a fault (${dates}):`
}

const counts = ['lost', 'doubled', 'reordered', 'misattributed'] as const

function total(runs: readonly QuietRow[], name: 'injected' | (typeof counts)[number]): string {
  return runs.reduce((sum, run) => sum + run[name], 0).toLocaleString('en-US')
}

function table(rows: readonly QuietRow[]): string {
  const lines = [...Map.groupBy(rows, ({ fault }) => fault)].map(([fault, runs]) => [
    fault,
    total(runs, 'injected'),
    `${seconds(worst(runs, ({ quiet }) => quiet.boundMs))}: ${runs[0]?.quiet.waits.join(', ')}`,
    seconds(worst(runs, ({ quiet }) => quiet.outAfterMs)),
    ...counts.map((name) => total(runs, name)),
    truth(runs),
  ])
  return markdownTable(['fault', 'faults', 'all out within', 'all out after', ...counts, 'readiness'], lines)
}

function truth(runs: readonly QuietRow[]): string {
  const untruths = runs.flatMap(({ quiet }) => quiet.untruths)
  return untruths.length === 0 ? 'true' : untruths.join('; ')
}

function bareTable(rows: readonly QuietRow[]): string {
  const lines = [...Map.groupBy(rows, ({ without, fault }) => `${without}: ${fault}`).values()].map((runs) => [
    runs[0]?.without ?? '',
    runs[0]?.fault ?? '',
    total(runs, 'injected'),
    String(worst(runs, ({ quiet }) => quiet.waiting)),
    truth(runs),
  ])
  return markdownTable(['without', 'fault', 'faults', 'texts that waited past the bound', 'readiness'], lines)
}
