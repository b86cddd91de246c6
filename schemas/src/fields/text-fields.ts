import { ValenceError } from '../errors.ts'
import { isBlankText } from '../records/blank-text.ts'
import { checkUnicode } from '../records/check-unicode.ts'
import { parseIsoTime } from '../records/iso-time.ts'
import { invalid } from '../records/record-fields.ts'
import { checkText, maxOccurredAt, minOccurredAt, type TextEvent } from '../records/text-event.ts'
import { type FieldPath, formatFieldPath } from './field-path.ts'
import { readPath } from './read-path.ts'
import { digitsOf, scalarText } from './scalar.ts'

/** Where a record of any shape has what a TextEvent has. Only a text is needed; the others may be absent or null. */
export interface TextFields {
  /** Texts that are joined by a blank line, in this order. */
  readonly text: readonly FieldPath[]
  readonly id: FieldPath
  /** Epoch milliseconds, or ISO 8601 with a zone. */
  readonly occurredAt: FieldPath
  readonly source: FieldPath
  readonly lang: FieldPath
  /** An object, whose scalars become strings; its objects, arrays and nulls are left out. */
  readonly attributes: FieldPath
}

const blankLine = '\n\n'

/**
 * Reads the fields of a decoded record of any shape.
 * @param exact the record with the digits of its numbers as written (`parseExactly`); only JSON loses any
 * @throws VAL_TEXT_MISSING, VAL_TEXT_EMPTY, VAL_TEXT_TOO_LARGE, VAL_RECORD_INVALID, VAL_RECORD_NOT_UTF8
 */
export function readTextFields(fields: TextFields, record: unknown, exact?: () => unknown): TextEvent {
  const scalarAt = (path: FieldPath) =>
    scalarText(readPath(record, path), formatFieldPath(path), exact && (() => digitsOf(readPath(exact(), path))))
  return {
    text: readText(fields.text, scalarAt),
    id: scalarAt(fields.id) || null,
    occurredAt: readTime(readPath(record, fields.occurredAt), formatFieldPath(fields.occurredAt)),
    source: scalarAt(fields.source),
    lang: scalarAt(fields.lang),
    attributes: readAttributes(fields.attributes, record, exact),
  }
}

function readText(paths: readonly FieldPath[], scalarAt: (path: FieldPath) => string | null): string {
  const found = paths.map(scalarAt).filter((text) => text !== null)
  if (found.length === 0) throw new ValenceError('VAL_TEXT_MISSING', paths.map(formatFieldPath).join(', '))
  const texts = found.filter((text) => !isBlankText(text))
  return checkText(texts.join(blankLine))
}

function readTime(value: unknown, field: string): number | null {
  if (value === null || value === undefined) return null
  const ms = typeof value === 'string' ? parseIsoTime(value) : typeof value === 'bigint' ? Number(value) : value
  if (typeof ms !== 'number' || Number.isNaN(ms)) invalid(field, 'epoch milliseconds, or ISO 8601 with a time zone')
  const whole = Math.floor(ms)
  if (whole < minOccurredAt || whole > maxOccurredAt) invalid(field, 'in the years 1 to 9999')
  return whole
}

function readAttributes(path: FieldPath, record: unknown, exact?: () => unknown): Record<string, string> {
  const value = readPath(record, path)
  if (value === null || value === undefined) return {}
  if (typeof value !== 'object' || Array.isArray(value)) invalid(formatFieldPath(path), 'an object')
  const entries = Object.keys(value).flatMap((name): [string, string][] => {
    const own = readPath(value, [name])
    if (own === null || (typeof own === 'object' && !(own instanceof Uint8Array))) return []
    const field = formatFieldPath([...path, name])
    const text = scalarText(own, field, exact && (() => digitsOf(readPath(exact(), [...path, name]))))
    return text === null ? [] : [[checkUnicode(name, `a name in ${formatFieldPath(path)}`), text]]
  })
  return Object.fromEntries(entries)
}
