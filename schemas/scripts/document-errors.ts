import { readFileSync, writeFileSync } from 'node:fs'
import { type ErrorCode, errorCatalogue } from '../src/errors.ts'

/** Headings of the document, and the areas (second word of the code) under each. */
const sections: readonly (readonly [heading: string, areas: readonly string[]])[] = [
  ['Texts and records', ['TEXT', 'RECORD']],
  ['Schemas and the registry', ['SCHEMA', 'REGISTRY']],
  ['Scoring', ['INFERENCE', 'QUEUE', 'DEADLINE', 'REQUEST']],
  ['The model', ['MODEL']],
  ['Kafka', ['KAFKA']],
  ['Clients', ['PRODUCER', 'CONSUMER']],
]

const codes = Object.keys(errorCatalogue) as ErrorCode[]

/** The tables of `docs/errors.md`: the catalogue in words. */
export function errorTables(): string {
  const placed = new Set(sections.flatMap(([, areas]) => areas))
  const others = codes.filter((code) => !placed.has(areaOf(code)))
  return [
    ...sections.map(([heading, areas]) =>
      table(
        heading,
        codes.filter((code) => areas.includes(areaOf(code))),
      ),
    ),
    table('Starting, stopping and the rest', others),
  ].join('\n')
}

function areaOf(code: ErrorCode): string {
  return code.split('_')[1] ?? ''
}

const columns = ['code', 'meaning', 'what to do', 'HTTP', 'try again', 'dead letter']

/** Columns are padded as the formatter pads them. */
function table(heading: string, rows: readonly ErrorCode[]): string {
  const cells = [columns, ...rows.map(cellsOf)]
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const lines = cells.map((row) => line(row.map((cell, column) => cell.padEnd(widths[column] ?? 0))))
  lines.splice(1, 0, line(widths.map((width) => '-'.repeat(width))))
  return `## ${heading}\n\n${lines.join('\n')}\n`
}

function cellsOf(code: ErrorCode): string[] {
  const { message, help, http, retryable, deadLetter } = errorCatalogue[code]
  const cells = [`\`${code}\``, message, help, http ?? '', retryable ? 'yes' : '', deadLetter ? 'yes' : '']
  return cells.map((cell) => String(cell).replaceAll('|', '\\|'))
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

if (import.meta.main) {
  const file = new URL('../../docs/errors.md', import.meta.url)
  const document = readFileSync(file, 'utf8')
  writeFileSync(file, `${document.slice(0, document.indexOf('\n## ') + 1)}${errorTables()}`)
}
