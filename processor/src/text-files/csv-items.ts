import { isUtf8 } from 'node:buffer'
import { finished } from 'node:stream/promises'
import { ValenceError } from '@valence/schemas'
import { parse } from 'csv-parse'
import type { TextFields, TextItem } from './text-line.ts'

/**
 * The rows of a CSV file with a header; each row's fields by the names in the header. A row that is malformed comes
 * out as an error in its place. `line` is the last line of the row, counted from 1.
 * @throws VAL_USAGE_INVALID where the header lacks the column `text` or that of the key, or has one that is read twice
 */
export async function* readCsvItems(source: AsyncIterable<Buffer>, key?: string): AsyncGenerator<TextItem[]> {
  let items: TextItem[] = []
  let failure: Error | undefined
  const parser = parse({
    columns: (names: string[]) => readHeader(names, key),
    // One character per byte, so that invalid UTF-8 is seen instead of replaced.
    encoding: 'latin1',
    skip_empty_lines: true,
    // A stray quote in an unquoted field is a quote.
    relax_quotes: true,
    skip_records_with_error: true,
    max_record_size: 4 * 1024 * 1024,
    info: true,
    on_record: ({ info, record }: { info: { lines: number; bytes: number }; record: Record<string, string> }) => {
      items.push({ line: info.lines, end: info.bytes, ...readRow(record) })
      return null
    },
    on_skip: (error) => {
      // The message of the parser would repeat the row, which may be private.
      const { lines, bytes, code } = error as unknown as { lines: number; bytes: number; code: string }
      items.push({ line: lines, end: bytes, error: new ValenceError('VAL_RECORD_INVALID', code) })
    },
  })
  parser.on('error', (error) => {
    failure = error
  })

  let isFirst = true
  for await (const chunk of source) {
    // The parser works while it is written to; nothing waits on its readable side.
    parser.write(isFirst ? withoutByteOrderMark(chunk) : chunk)
    isFirst = false
    if (failure) throw failure
    if (items.length > 0) yield items
    items = []
  }
  // Rejects with an error that the parser has raised already, too.
  await finished(parser.resume().end())
  if (items.length > 0) yield items
}

/** The columns that become fields of a text. */
const fieldColumns = ['text', 'id', 'occurredAt', 'source', 'lang']

function readHeader(names: string[], key: string | undefined): string[] {
  const columns = names.map((name) => decode(name)?.trim() ?? '')
  const needed = key === undefined ? ['text'] : ['text', key]
  const missing = needed.find((name) => !columns.includes(name))
  if (missing !== undefined) {
    throw new ValenceError('VAL_USAGE_INVALID', `the header has no column "${missing}", only ${columns.join(', ')}`)
  }
  const twice = [...fieldColumns, ...needed].find((name) => columns.indexOf(name) !== columns.lastIndexOf(name))
  if (twice === undefined) return columns
  throw new ValenceError('VAL_USAGE_INVALID', `the header has more than one column "${twice}"`)
}

function readRow(row: Record<string, string>): { fields: TextFields } | { error: ValenceError } {
  const entries = Object.entries(row).map(([name, value]) => [name, decode(value)] as const)
  if (entries.some(([, value]) => value === undefined)) return { error: new ValenceError('VAL_RECORD_NOT_UTF8') }
  return { fields: Object.fromEntries(entries) }
}

function decode(latin1: string): string | undefined {
  const bytes = Buffer.from(latin1, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

function withoutByteOrderMark(chunk: Buffer): Buffer {
  return chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? chunk.subarray(3) : chunk
}
