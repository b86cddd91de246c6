import { checkUnicode, isValenceError, readUtf8, ValenceError } from '@valence/schemas'
import type { ByteLine } from './byte-lines.ts'

/** The fields of one line; a bare text has the field `text` alone. */
export type TextFields = Readonly<Record<string, unknown>>

interface Place {
  /** Counted from 1. */
  readonly line: number
  /** Bytes of the file up to the end of this line. */
  readonly end: number
}

/** One text of a file, or why the line is none. */
export type TextItem = Place &
  ({ readonly fields: TextFields; readonly error?: never } | { readonly error: ValenceError; readonly fields?: never })

export type LineFormat = 'auto' | 'json' | 'text'

const openingBrace = 0x7b
const carriageReturn = 0x0d
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/** Reads a line as records are read: what begins with `{` is a JSON object, anything else a bare text. */
export function readTextLine(line: ByteLine, format: LineFormat): TextItem {
  try {
    return { line: line.number, end: line.end, fields: readFields(line, format) }
  } catch (error) {
    if (!isValenceError(error)) throw error
    return { line: line.number, end: line.end, error }
  }
}

function readFields({ number, bytes, whole }: ByteLine, format: LineFormat): TextFields {
  const content = trimLine(bytes, number === 1)
  if (!whole) throw new ValenceError('VAL_TEXT_TOO_LARGE', 'the line')
  const text = readUtf8(content)
  return format === 'json' || (format === 'auto' && content[0] === openingBrace) ? parseObject(text) : { text }
}

function trimLine(bytes: Buffer, isFirst: boolean): Buffer {
  const start = isFirst && bytes.subarray(0, 3).equals(byteOrderMark) ? 3 : 0
  return bytes.subarray(start, bytes.at(-1) === carriageReturn ? -1 : undefined)
}

function parseObject(text: string): TextFields {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's message repeats the text, which may be private.
    throw new ValenceError('VAL_RECORD_JSON_INVALID')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ValenceError('VAL_RECORD_INVALID', 'the line must be an object')
  }
  for (const [name, field] of Object.entries(value)) if (typeof field === 'string') checkUnicode(field, name)
  return value as TextFields
}

/** A field as text: numbers are common as ids. Undefined where it is absent, null or empty. */
export function fieldText(fields: TextFields, name: string): string | undefined {
  const value = fields[name]
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}
