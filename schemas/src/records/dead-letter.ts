import { embeddedSchemas } from '../embedded-schemas.ts'
import type { RecordHeader } from '../record-headers.ts'
import { type AvroCodec, createAvroCodec } from './avro-codec.ts'
import { createJsonCodec, type JsonCodec } from './json-codec.ts'
import { asRecord, invalid, type RawRecord, readNullableTimestamp, readString, readTimestamp } from './record-fields.ts'
import { type RecordOrigin, readOrigin } from './record-origin.ts'

/** The original record of a dead letter. `timestamp`: of the record, epoch milliseconds. */
export interface DeadLetterOrigin extends RecordOrigin {
  readonly timestamp: number | null
}

/** A dead letter as shown and archived by tools. In JSON bytes are base64. */
export interface DeadLetter {
  /** A code of the error catalogue, possibly of a later version than this one. */
  readonly code: string
  readonly message: string
  readonly origin: DeadLetterOrigin
  /** Epoch milliseconds. */
  readonly failedAt: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** The original headers, in order. */
  readonly headers: readonly RecordHeader[]
}

type ReadBytes = (value: unknown, path: string) => Buffer | null

function toDeadLetter(value: unknown, readBytes: ReadBytes): DeadLetter {
  const record = asRecord(value, 'the record')
  const origin = asRecord(record.origin, 'origin')
  return {
    code: readString(record, 'code'),
    message: readString(record, 'message'),
    origin: { ...readOrigin(origin), timestamp: readNullableTimestamp(origin, 'timestamp', 'origin.timestamp') },
    failedAt: readTimestamp(record, 'failedAt'),
    key: readBytes(record.key ?? null, 'key'),
    value: readBytes(record.value ?? null, 'value'),
    headers: readHeaders(record, readBytes),
  }
}

function readHeaders(record: RawRecord, readBytes: ReadBytes): RecordHeader[] {
  const headers = record.headers ?? []
  if (!Array.isArray(headers)) invalid('headers', 'an array')
  return headers.map((item, index) => {
    const header = asRecord(item, `headers[${index}]`)
    const nameBytes = readBytes(header.nameBytes ?? null, `headers[${index}].nameBytes`)
    return {
      name: readString(header, 'name', `headers[${index}].name`),
      value: readBytes(header.value ?? null, `headers[${index}].value`),
      ...(nameBytes !== null && { nameBytes }),
    }
  })
}

function readBuffer(value: unknown, path: string): Buffer | null {
  if (value !== null && !Buffer.isBuffer(value)) invalid(path, 'bytes or null')
  return value
}

function readBase64(value: unknown, path: string): Buffer | null {
  if (value === null) return null
  const isBase64 = typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0
  if (!isBase64) invalid(path, 'a base64 string or null')
  return Buffer.from(value, 'base64')
}

function toAvro(letter: DeadLetter): unknown {
  const checked = toDeadLetter(letter, readBuffer)
  return { ...checked, origin: { ...checked.origin, offset: BigInt(checked.origin.offset) } }
}

function toJson(letter: DeadLetter): object {
  const { key, value, headers, ...rest } = toDeadLetter(letter, readBuffer)
  return {
    ...rest,
    key: toBase64(key),
    value: toBase64(value),
    headers: headers.map(({ name, value: bytes, nameBytes }) => ({
      name,
      value: toBase64(bytes),
      ...(nameBytes && { nameBytes: toBase64(nameBytes) }),
    })),
  }
}

function toBase64(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('base64')
}

/** DeadLetter ↔ Avro binary of the current schema, without framing. */
export const deadLetterAvro: AvroCodec<DeadLetter> = createAvroCodec({
  schema: embeddedSchemas['dead-letter'].avro,
  toAvro,
  fromAvro: (value) => toDeadLetter(value, readBuffer),
})

/** DeadLetter ↔ JSON. */
export const deadLetterJson: JsonCodec<DeadLetter> = createJsonCodec({
  toJson,
  fromJson: (value) => toDeadLetter(value, readBase64),
})
