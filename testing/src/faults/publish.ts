import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { explanations, type FaultRow, type RecoveryRow, readRows } from '../counting/fault-report.ts'
import { markdownTable } from '../counting/markdown-table.ts'
import { quietTables } from './quiet-tables.ts'

// node testing/src/faults/publish.ts out.json: keeps the counts of a run of `make test-faults` for the docs. Where
// that was a run of one form (FORM=quiet or loud), those of the other form stay.
const docs = new URL('../../../docs/lab/', import.meta.url)
const data = new URL('exactly-once.json', docs)
const page = new URL('exactly-once.md', docs)
const section = /(?<=<!-- faults -->\n)[\s\S]*(?=<!-- \/faults -->)/

type Row = FaultRow | RecoveryRow

export function readPublished(): { rows: Row[]; page: string } {
  return { rows: readRows(fileURLToPath(data)), page: readFileSync(page, 'utf8') }
}

/** The page with the tables of these runs in it. */
export function withTables(text: string, rows: readonly Row[]): string {
  return text.replace(section, () => `\n${tables(rows)}\n\n`)
}

const isQuiet = (row: Row) => 'quiet' in row

/** Rows of a form that was run again replace those that were published. */
export function merged(published: readonly Row[], run: readonly Row[]): Row[] {
  const forms = new Set(run.map(isQuiet))
  return [...published.filter((row) => !forms.has(isQuiet(row))), ...run]
}

const recoveryTitle =
  'From the last output before a SIGKILL of one of two processors to the first after it, on the partition that waited longest:'

function tables(rows: readonly Row[]): string {
  const faults = rows.filter((row) => 'fault' in row && !isQuiet(row)) as FaultRow[]
  const quiet = rows.filter(isQuiet) as FaultRow[]
  const recoveries = rows.filter((row) => 'setting' in row)
  const [protectedRows, bareRows] = [faults.filter(({ without }) => !without), faults.filter(({ without }) => without)]
  const loud = rows.filter((row) => !isQuiet(row))
  const dates = [...new Set(loud.map(({ date }) => date))].sort().join(', ')
  const versions = [...new Set(rows.map(({ kafka }) => kafka))].sort().join(', ')
  return [
    `${dates}, Kafka ${versions}.`,
    faultTable(protectedRows),
    'The same by version of Kafka; on the older ones the short form alone:',
    versionTable(protectedRows),
    'The same with a protection taken away, in the test alone:',
    bareTable(bareRows),
    ...notes(faults),
    ...(recoveries.length === 0 ? [] : [recoveryTitle, recoveryTable(recoveries)]),
    ...quietTables(quiet),
  ].join('\n\n')
}

/** Under the table: where rows that are not clean are explained. */
function notes(rows: readonly FaultRow[]): string[] {
  const kinds = [...new Set(rows.flatMap(({ explained }) => explained ?? []))]
  return kinds.map((kind) => `(†) Kafka itself: “${explanations[kind]}” below.`)
}

const mark = (runs: readonly FaultRow[]) => (runs.some(({ explained }) => explained) ? ' (†)' : '')

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
    `${fault}${mark(runs)}`,
    ...cells(runs),
    seeds(runs),
  ])
  const total = ['**all**', ...cells(rows), '']
  return markdownTable(['fault', ...columns], [...lines, total])
}

function versionTable(rows: readonly FaultRow[]): string {
  const versions = [...Map.groupBy(rows, ({ kafka }) => kafka)].sort(([a], [b]) => a.localeCompare(b))
  return markdownTable(
    ['Kafka', ...columns.slice(0, -1)],
    versions.map(([version, runs]) => [version, ...cells(runs)]),
  )
}

function bareTable(rows: readonly FaultRow[]): string {
  const groups = Map.groupBy(rows, ({ without, fault }) => `${without}: ${fault}`)
  const lines = [...groups.values()].map((runs) => [
    runs[0]?.without ?? '',
    `${runs[0]?.fault ?? ''}${mark(runs)}`,
    ...cells(runs),
    seeds(runs),
  ])
  return markdownTable(['without', 'fault', ...columns], lines)
}

function recoveryTable(rows: readonly RecoveryRow[]): string {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`
  const lines = rows.map(({ setting, atMostMs, recoveredMs }) => [
    setting,
    recoveredMs.map(seconds).join(', '),
    seconds(atMostMs),
  ])
  return markdownTable(['setting', 'runs', 'at most'], lines)
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
  // What has no seed happens at fixed places.
  return runs.map(({ seed }) => (seed === 0 ? '–' : seed)).join(', ')
}

if (import.meta.main) {
  const from = process.argv[2]
  if (from === undefined) throw new Error('usage: node publish.ts out.json')
  const published = readPublished()
  const rows = merged(published.rows, readRows(from))
  writeFileSync(data, `${JSON.stringify(rows, null, 2)}\n`)
  writeFileSync(page, withTables(published.page, rows))
}
