import { ValenceError } from '../errors.ts'
import { isBlankText } from '../records/blank-text.ts'
import { checkUnicode } from '../records/check-unicode.ts'
import { parseIsoTime } from '../records/iso-time.ts'
import { checkText, maxOccurredAt, minOccurredAt, type TextEvent } from '../records/text-event.ts'
import { type FieldPath, formatFieldPath } from './field-path.ts'
import { readPath } from './read-path.ts'
import { digitsOf, scalarText } from './scalar.ts'
import { ScalarMessage } from './scalar-message.ts'

/** Where a record of any shape has what a TextEvent has. Only a text is needed; the others may be absent or null. */
export interface TextFields {
  /** Texts that are joined by a blank line, in this order. */
  readonly text: readonly FieldPath[]
  readonly id: FieldPath
  /** Epoch milliseconds, or ISO 8601 with a zone; else null. */
  readonly occurredAt: FieldPath
  readonly source: FieldPath
  readonly lang: FieldPath
  /** An object, whose scalars become strings; its objects, arrays and nulls are left out. */
  readonly attributes: FieldPath
}

const blankLine = '\n\n'

/**
 * Reads the fields of a decoded record of any shape. Only the text can cost the record: what is no scalar, no time or no
 * object where one is looked for counts as absent, because foreign records use the same names for other things.
 * @param exact the record with the digits of its numbers as written (`parseExactly`); only JSON loses any
 * @throws VAL_TEXT_MISSING, VAL_TEXT_EMPTY, VAL_TEXT_TOO_LARGE, VAL_RECORD_INVALID for a text, VAL_RECORD_NOT_UTF8
 */
export function readTextFields(fields: TextFields, record: unknown, exact?: () => unknown): TextEvent {
  const scalarAt = (path: FieldPath) =>
    scalarText(readPath(record, path), formatFieldPath(path), exact && (() => digitsOf(readPath(exact(), path))))
  const optionalAt = (path: FieldPath) => (isScalar(readPath(record, path)) ? scalarAt(path) : null)
  return {
    text: readText(fields.text, scalarAt),
    id: optionalAt(fields.id) || null,
    occurredAt: readTime(readPath(record, fields.occurredAt)) ?? cloudEventTime(record),
    source: optionalAt(fields.source),
    lang: optionalAt(fields.lang),
    attributes: readAttributes(fields.attributes, record, exact),
  }
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value instanceof Uint8Array || value instanceof ScalarMessage
}

function readText(paths: readonly FieldPath[], scalarAt: (path: FieldPath) => string | null): string {
  const found = paths.map(scalarAt).filter((text) => text !== null)
  if (found.length === 0) throw new ValenceError('VAL_TEXT_MISSING', paths.map(formatFieldPath).join(', '))
  const texts = found.filter((text) => !isBlankText(text))
  return checkText(texts.join(blankLine))
}

function readTime(given: unknown): number | null {
  const value = ScalarMessage.scalarOf(given)
  const ms = typeof value === 'string' ? parseIsoTime(value) : typeof value === 'bigint' ? Number(value) : value
  if (typeof ms !== 'number') return null
  const whole = Math.floor(ms)
  return whole >= minOccurredAt && whole <= maxOccurredAt ? whole : null
}

const cloudEventMembers = ['specversion', 'id', 'source', 'type']

/** The time of a structured CloudEvent; null for other records, and where it does not parse: it only describes the event. */
function cloudEventTime(record: unknown): number | null {
  const time = readPath(record, ['time'])
  if (typeof time !== 'string') return null
  if (!cloudEventMembers.every((name) => typeof readPath(record, [name]) === 'string')) return null
  return readTime(time)
}

function readAttributes(path: FieldPath, record: unknown, exact?: () => unknown): Record<string, string> {
  const value = readPath(record, path)
  if (value === null || isScalar(value) || Array.isArray(value)) return {}
  const entries = Object.keys(value as object).flatMap((name): [string, string][] => {
    const own = readPath(value, [name])
    if (!isScalar(own)) return []
    const field = formatFieldPath([...path, name])
    const text = scalarText(own, field, exact && (() => digitsOf(readPath(exact(), [...path, name]))))
    return text === null ? [] : [[checkUnicode(name, `a name in ${formatFieldPath(path)}`), text]]
  })
  return Object.fromEntries(entries)
}
