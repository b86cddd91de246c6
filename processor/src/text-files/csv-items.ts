import { isUtf8 } from 'node:buffer'
import { finished } from 'node:stream/promises'
import { ValenceError } from '@valence/schemas'
import { parse } from 'csv-parse'
import type { TextFields, TextItem } from './text-line.ts'

/**
 * The rows of a CSV file with a header, as fields by column name. A malformed row is yielded as an error in its place.
 * `line` is the last line of the row, counted from 1.
 * @throws VAL_USAGE_INVALID if the header lacks `text` or the key column, or has a column twice that is read
 */
export async function* readCsvItems(source: AsyncIterable<Buffer>, key?: string): AsyncGenerator<TextItem[]> {
  let items: TextItem[] = []
  let failure: Error | undefined
  const parser = parse({
    columns: (names: string[]) => readHeader(names, key),
    // latin1 maps each byte to one character, so that `decode` can detect invalid UTF-8.
    encoding: 'latin1',
    skip_empty_lines: true,
    // A quote inside an unquoted field is a literal character.
    relax_quotes: true,
    skip_records_with_error: true,
    max_record_size: 4 * 1024 * 1024,
    info: true,
    on_record: ({ info, record }: { info: { lines: number; bytes: number }; record: Record<string, string> }) => {
      items.push({ line: info.lines, end: info.bytes, ...readRow(record) })
      return null
    },
    on_skip: (error) => {
      // Only the code: the message of the parser quotes the row, which may contain private data.
      const { lines, bytes, code } = error as unknown as { lines: number; bytes: number; code: string }
      items.push({ line: lines, end: bytes, error: new ValenceError('VAL_RECORD_INVALID', code) })
    },
  })
  parser.on('error', (error) => {
    failure = error
  })

  let isFirst = true
  for await (const chunk of source) {
    // write() parses synchronously, and on_record returns null, so nothing is buffered on the readable side.
    parser.write(isFirst ? withoutByteOrderMark(chunk) : chunk)
    isFirst = false
    if (failure) throw failure
    if (items.length > 0) yield items
    items = []
  }
  // Also rejects with an error that the parser has already emitted.
  await finished(parser.resume().end())
  if (items.length > 0) yield items
}

/** Columns that are read as fields of a text event. */
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
