import { embeddedSchemas } from '../embedded-schemas.ts'
import { ValenceError } from '../errors.ts'
import { type AvroCodec, createAvroCodec } from './avro-codec.ts'
import { isBlankText } from './blank-text.ts'
import { checkUnicode } from './check-unicode.ts'
import { parseIsoTime } from './iso-time.ts'
import { createJsonCodec, type JsonCodec } from './json-codec.ts'
import { asRecord, invalid, type RawRecord, readMap, readNullableString } from './record-fields.ts'

/** Maximum size of a text, in bytes of UTF-8. */
export const maxTextBytes = 64 * 1024

/** A text whose sentiment is to be scored. */
export interface TextEvent {
  /** Null: the processor uses `topic-partition-offset` of the record. */
  readonly id: string | null
  /** Not blank, at most 64 KiB in UTF-8. */
  readonly text: string
  /** Epoch milliseconds. */
  readonly occurredAt: number | null
  readonly source: string | null
  /** BCP 47 tag. */
  readonly lang: string | null
  readonly attributes: Readonly<Record<string, string>>
}

/** Input of a producer; only the text is required. `occurredAt`: epoch milliseconds, ISO 8601 or a Date. */
export interface TextEventInput {
  readonly text: string
  readonly id?: string | null | undefined
  readonly occurredAt?: number | string | Date | null | undefined
  readonly source?: string | null | undefined
  readonly lang?: string | null | undefined
  readonly attributes?: Readonly<Record<string, string>> | null | undefined
}

/**
 * Reads a text event from an unchecked value. Missing fields get their defaults; unknown fields are ignored.
 * Throws VAL_RECORD_INVALID or VAL_RECORD_NOT_UTF8 (both name the field), VAL_TEXT_EMPTY or VAL_TEXT_TOO_LARGE.
 */
export function toTextEvent(value: unknown): TextEvent {
  const record = asRecord(value, 'the record')
  return {
    // Some writers cannot omit a string and send an empty id.
    id: readNullableString(record, 'id') || null,
    text: readText(record),
    occurredAt: readOccurredAt(record),
    source: readNullableString(record, 'source'),
    lang: readNullableString(record, 'lang'),
    attributes: readMap(record, 'attributes', 'string'),
  }
}

/** Returns the text. Throws VAL_TEXT_TOO_LARGE, VAL_RECORD_NOT_UTF8, or VAL_TEXT_EMPTY without a visible character. */
export function checkText(text: string): string {
  // A UTF-16 unit takes at most 3 bytes in UTF-8, so the bytes of short texts need not be counted.
  if (text.length * 3 > maxTextBytes && Buffer.byteLength(text) > maxTextBytes) {
    throw new ValenceError('VAL_TEXT_TOO_LARGE', `${Buffer.byteLength(text)} bytes`)
  }
  checkUnicode(text, 'text')
  if (isBlankText(text)) throw new ValenceError('VAL_TEXT_EMPTY')
  return text
}

function readText(record: RawRecord): string {
  const text = record.text
  if (typeof text !== 'string') invalid('text', 'a string')
  return checkText(text)
}

/** Years 1 to 9999, the range of Python's datetime: with other years, Python readers fail on the whole scored event. */
export const minOccurredAt = Date.parse('0001-01-01T00:00:00.000Z')
export const maxOccurredAt = Date.parse('9999-12-31T23:59:59.999Z')

function readOccurredAt(record: RawRecord): number | null {
  const value = record.occurredAt ?? null
  if (value === null) return null
  const ms = typeof value === 'string' ? parseIsoTime(value) : value instanceof Date ? value.getTime() : value
  if (typeof ms !== 'number' || Number.isNaN(ms))
    invalid('occurredAt', 'epoch milliseconds, or ISO 8601 with a time zone')
  const whole = Math.floor(ms)
  if (whole < minOccurredAt || whole > maxOccurredAt) invalid('occurredAt', 'in the years 1 to 9999')
  return whole
}

/** TextEvent ↔ Avro binary of the current schema, without framing. */
export const textEventAvro: AvroCodec<TextEvent, TextEventInput> = createAvroCodec({
  schema: embeddedSchemas['text-event'].avro,
  toAvro: toTextEvent,
  fromAvro: toTextEvent,
})

/** TextEvent ↔ JSON. */
export const textEventJson: JsonCodec<TextEvent, TextEventInput> = createJsonCodec({
  toJson: (event) => toTextEvent(event),
  fromJson: toTextEvent,
})
