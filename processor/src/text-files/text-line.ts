import {
  checkUnicode,
  isValenceError,
  looksLikeJson,
  parseJsonObject,
  readBareText,
  ValenceError,
} from '@valence/schemas'
import type { ByteLine } from './byte-lines.ts'

/** The fields of one line; a plain-text line has only the field `text`. */
export type TextFields = Readonly<Record<string, unknown>>

interface Place {
  /** Counted from 1. */
  readonly line: number
  /** Byte offset of the end of this line in the file. */
  readonly end: number
}

/** One text of a file, or the error of an invalid line. */
export type TextItem = Place &
  ({ readonly fields: TextFields; readonly error?: never } | { readonly error: ValenceError; readonly fields?: never })

export type LineFormat = 'auto' | 'json' | 'text'

const carriageReturn = 0x0d

/** Parses a line with the rules for input records. An empty line is an empty text. */
export function readTextLine(line: ByteLine, format: LineFormat): TextItem {
  try {
    return { line: line.number, end: line.end, fields: readFields(line, format) }
  } catch (error) {
    if (!isValenceError(error)) throw error
    return { line: line.number, end: line.end, error }
  }
}

function readFields({ bytes, whole }: ByteLine, format: LineFormat): TextFields {
  const content = bytes.subarray(0, bytes.at(-1) === carriageReturn ? -1 : undefined)
  if (!whole) throw new ValenceError('VAL_TEXT_TOO_LARGE', 'the line')
  if (format === 'json' || (format === 'auto' && looksLikeJson(content))) return readObject(content)
  return { text: readBareText(content) }
}

function readObject(content: Buffer): TextFields {
  const fields = parseJsonObject(content) as TextFields
  for (const [name, field] of Object.entries(fields)) if (typeof field === 'string') checkUnicode(field, name)
  return fields
}

/** A field as text; numbers are converted, because ids are often numbers. Undefined if absent, null or empty. */
export function fieldText(fields: TextFields, name: string): string | undefined {
  const value = fields[name]
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}
