import { readFileSync, writeFileSync } from 'node:fs'
import { type FaultRow, readFaultRows } from '../fault-report.ts'

// node processor/test/support/faults/publish.ts out.json: keeps the counts of a run of `make test-faults` for the docs.
const docs = new URL('../../../../docs/', import.meta.url)
const data = new URL('exactly-once.json', docs)
const page = new URL('exactly-once.md', docs)
const section = /(?<=<!-- faults -->\n)[\s\S]*(?=<!-- \/faults -->)/

export function readPublished(): { rows: FaultRow[]; page: string } {
  return { rows: readFaultRows(data.pathname), page: readFileSync(page, 'utf8') }
}

/** The page with the tables of these runs in it. */
export function withTables(text: string, rows: readonly FaultRow[]): string {
  return text.replace(section, () => `\n${tables(rows)}\n\n`)
}

function tables(rows: readonly FaultRow[]): string {
  const [protectedRows, bareRows] = [rows.filter(({ without }) => !without), rows.filter(({ without }) => without)]
  const dates = [...new Set(rows.map(({ date }) => date))].sort().join(', ')
  const versions = [...new Set(rows.map(({ kafka }) => kafka))].sort().join(', ')
  return [
    `${dates}, Kafka ${versions}.`,
    faultTable(protectedRows),
    'The same with a protection taken away, in the test alone:',
    bareTable(bareRows),
  ].join('\n\n')
}

const columns = [
  'runs',
  'faults',
  'records',
  'lost',
  'doubled',
  'reordered',
  'misattributed',
  'longest silence',
  'seeds',
]

function faultTable(rows: readonly FaultRow[]): string {
  const lines = [...Map.groupBy(rows, ({ fault }) => fault)].map(([fault, runs]) => [
    fault,
    ...cells(runs),
    seeds(runs),
  ])
  const total = ['**all**', ...cells(rows), '']
  return table(['fault', ...columns], [...lines, total])
}

function bareTable(rows: readonly FaultRow[]): string {
  const groups = Map.groupBy(rows, ({ without, fault }) => `${without}: ${fault}`)
  const lines = [...groups.values()].map((runs) => [
    runs[0]?.without ?? '',
    runs[0]?.fault ?? '',
    ...cells(runs),
    seeds(runs),
  ])
  return table(['without', 'fault', ...columns], lines)
}

function cells(runs: readonly FaultRow[]): string[] {
  const sum = (name: 'injected' | 'records' | 'lost' | 'doubled' | 'reordered' | 'misattributed') =>
    runs.reduce((total, run) => total + run[name], 0).toLocaleString('en-US')
  const silence = Math.max(...runs.map(({ longestSilenceMs }) => longestSilenceMs)) / 1_000
  return [
    String(runs.length),
    ...(['injected', 'records', 'lost', 'doubled', 'reordered', 'misattributed'] as const).map(sum),
    `${silence.toFixed(1)} s`,
  ]
}

function seeds(runs: readonly FaultRow[]): string {
  return runs.map(({ seed }) => seed).join(', ')
}

/** Cells of a column as wide as the widest, as the formatter of the docs would have them. */
function table(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const rows = [header, ...lines]
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...lines.map(line)].join('\n')
}

if (import.meta.main) {
  const from = process.argv[2]
  if (from === undefined) throw new Error('usage: node publish.ts out.json')
  const rows = readFaultRows(from)
  writeFileSync(data, `${JSON.stringify(rows, null, 2)}\n`)
  writeFileSync(page, withTables(readPublished().page, rows))
}
