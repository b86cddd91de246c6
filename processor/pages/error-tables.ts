import { type ErrorCode, errorCatalogue } from '@valence/schemas'
import { markdownTable } from '@valence/testing/counting/markdown-table'

/** Headings of the page, and the areas (second word of the code) under each. */
const sections: readonly (readonly [heading: string, areas: readonly string[]])[] = [
  ['Texts and records', ['TEXT', 'RECORD']],
  ['Schemas and the registry', ['SCHEMA', 'REGISTRY']],
  ['Scoring', ['INFERENCE', 'QUEUE', 'DEADLINE', 'REQUEST']],
  ['The model', ['MODEL']],
  ['Kafka', ['KAFKA']],
  ['Clients', ['PRODUCER', 'CONSUMER']],
]

const columns = ['code', 'meaning', 'what to do', 'HTTP', 'try again', 'dead letter']

function areaOf(code: ErrorCode): string {
  return code.split('_')[1] ?? ''
}

function cells(code: ErrorCode): string[] {
  const { message, help, http, retryable, deadLetter } = errorCatalogue[code]
  const shown = [`\`${code}\``, message, help, http ?? '', retryable ? 'yes' : '', deadLetter ? 'yes' : '']
  return shown.map((cell) => String(cell).replaceAll('|', '\\|'))
}

/** The tables of docs/errors.md: the catalogue in words. */
export function errorTables(): string {
  const codes = Object.keys(errorCatalogue) as ErrorCode[]
  const placed = new Set(sections.flatMap(([, areas]) => areas))
  const tables: (readonly [string, ErrorCode[]])[] = [
    ...sections.map(([heading, areas]) => [heading, codes.filter((code) => areas.includes(areaOf(code)))] as const),
    ['Starting, stopping and the rest', codes.filter((code) => !placed.has(areaOf(code)))],
  ]
  return tables.map(([heading, own]) => `## ${heading}\n\n${markdownTable(columns, own.map(cells))}\n`).join('\n')
}
