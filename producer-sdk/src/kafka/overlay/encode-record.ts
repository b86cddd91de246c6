import type { RecordHeaders } from '@valence/schemas'

type Content = Buffer | string | number | null | undefined

export interface RecordContent {
  readonly offsetDelta?: number
  /** Milliseconds, a whole number. */
  readonly timestampDelta?: number
  readonly key?: Content
  readonly value?: Content
  /** By name, as kafkajs takes them; or in a list, which keeps their order. */
  readonly headers?: Readonly<Record<string, Content | readonly Content[]>> | RecordHeaders
}

/** What kafkajs's own encoder is asked for once a record is written. */
export interface EncodedRecord {
  readonly buf: Buffer
  readonly buffer: Buffer
  size(): number
}

const noContent = -1
const attributes = 0

/**
 * Hunk N, in the place of kafkajs's `recordBatch/record/v0`: the same bytes, in one buffer of the right size. Stock kafkajs
 * takes half a kilobyte from the system for each record and each of its headers, and an array for each number.
 */
export function encodeRecord({
  offsetDelta = 0,
  timestampDelta = 0,
  key,
  value,
  headers = {},
}: RecordContent): EncodedRecord {
  const content = { key: bytesOf(key), value: bytesOf(value), headers: listHeaders(headers) }
  const body =
    1 +
    sizeOfNumber(timestampDelta) +
    sizeOfNumber(offsetDelta) +
    sizeOfBytes(content.key) +
    sizeOfBytes(content.value) +
    sizeOfNumber(content.headers.length / 2) +
    content.headers.reduce((sum, part) => sum + sizeOfBytes(part), 0)
  const buffer = Buffer.allocUnsafe(sizeOfNumber(body) + body)
  let at = writeNumber(buffer, 0, body)
  buffer[at++] = attributes
  at = writeNumber(buffer, at, timestampDelta)
  at = writeNumber(buffer, at, offsetDelta)
  at = writeBytes(buffer, at, content.key)
  at = writeBytes(buffer, at, content.value)
  at = writeNumber(buffer, at, content.headers.length / 2)
  for (const part of content.headers) at = writeBytes(buffer, at, part)
  return { buf: buffer, buffer, size: () => buffer.length }
}

/** Names and values in turn; several values of one name follow each other. */
function listHeaders(headers: NonNullable<RecordContent['headers']>): (Buffer | null)[] {
  const list: (Buffer | null)[] = []
  if (Array.isArray(headers)) {
    for (const { name, nameBytes, value } of headers as RecordHeaders) list.push(nameBytes ?? Buffer.from(name), value)
    return list
  }
  const byName = headers as Readonly<Record<string, Content | readonly Content[]>>
  for (const name of Object.keys(byName)) {
    const given = byName[name]
    for (const value of Array.isArray(given) ? given : [given]) list.push(Buffer.from(name), bytesOf(value))
  }
  return list
}

function bytesOf(content: Content): Buffer | null {
  if (content === null || content === undefined) return null
  return Buffer.isBuffer(content) ? content : Buffer.from(String(content))
}

/** Numbers are written as Kafka's varint and varlong: zigzag, seven bits a byte, lowest first. */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}

function sizeOfNumber(value: number): number {
  let size = 1
  for (let rest = zigzag(value); rest >= 128; rest = Math.floor(rest / 128)) size += 1
  return size
}

function writeNumber(buffer: Buffer, start: number, value: number): number {
  let at = start
  let rest = zigzag(value)
  for (; rest >= 128; rest = Math.floor(rest / 128)) buffer[at++] = (rest % 128) + 128
  buffer[at++] = rest
  return at
}

function sizeOfBytes(bytes: Buffer | null): number {
  return bytes === null ? sizeOfNumber(noContent) : sizeOfNumber(bytes.length) + bytes.length
}

function writeBytes(buffer: Buffer, start: number, bytes: Buffer | null): number {
  if (bytes === null) return writeNumber(buffer, start, noContent)
  const at = writeNumber(buffer, start, bytes.length)
  buffer.set(bytes, at)
  return at + bytes.length
}
