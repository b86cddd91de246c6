import { ValenceError } from './errors.ts'
import { headerText, type RecordHeader, type RecordHeaders, recordHeader } from './record-headers.ts'
import type { DeadLetter, DeadLetterOrigin } from './records/dead-letter.ts'
import { invalid, isEpochMs } from './records/record-fields.ts'
import type { RecordOrigin } from './records/record-origin.ts'

/** Names of the headers that Valence reads or writes. All values are UTF-8 text; times are epoch milliseconds. */
export const headerNames = {
  contentType: 'content-type',
  contentEncoding: 'content-encoding',
  valueSchemaId: '__value_schema_id',
  traceParent: 'traceparent',
  traceState: 'tracestate',
  errorCode: 'valence-error-code',
  errorMessage: 'valence-error-message',
  originTopic: 'valence-origin-topic',
  originPartition: 'valence-origin-partition',
  originOffset: 'valence-origin-offset',
  originTimestamp: 'valence-origin-timestamp',
  failedAt: 'valence-failed-at',
} as const

/** The data that a dead letter has in headers in addition to the original record. */
export type DeadLetterFacts = Pick<DeadLetter, 'code' | 'message' | 'origin' | 'failedAt'>

/** The facts as they are written: the timestamp is any int64 of the original record. */
export interface WrittenFacts extends Omit<DeadLetterFacts, 'origin'> {
  readonly origin: RecordOrigin & { readonly timestamp: number | bigint | null }
}

/** A record of the dead-letter topic. */
export interface DeadLetterRecord {
  readonly key?: Buffer | null
  readonly value: Buffer | null
  readonly headers?: RecordHeaders | undefined
}

/** In UTF-16 units. Longer than any message of the catalogue; bounds the size that the header adds to the record. */
const maxMessageLength = 1024

/** The original headers, then those with error and origin. Headers of an earlier failure are replaced. */
export function deadLetterHeaders(original: RecordHeaders, facts: WrittenFacts): RecordHeader[] {
  const { code, message, origin, failedAt } = facts
  return [
    ...originalHeaders(original),
    recordHeader(headerNames.errorCode, code),
    recordHeader(headerNames.errorMessage, message.slice(0, maxMessageLength).toWellFormed()),
    recordHeader(headerNames.originTopic, origin.topic),
    recordHeader(headerNames.originPartition, String(origin.partition)),
    recordHeader(headerNames.originOffset, origin.offset),
    ...(origin.timestamp === null ? [] : [recordHeader(headerNames.originTimestamp, String(origin.timestamp))]),
    recordHeader(headerNames.failedAt, String(failedAt)),
  ]
}

/** Reads the headers of a dead letter. Throws VAL_RECORD_INVALID, naming the missing or malformed header. */
export function parseDeadLetterHeaders(headers: RecordHeaders): DeadLetterFacts {
  return {
    code: requiredText(headers, headerNames.errorCode),
    message: requiredText(headers, headerNames.errorMessage),
    origin: parseOrigin(headers),
    failedAt: requiredTime(headers, headerNames.failedAt),
  }
}

/** Reads a record of the dead-letter topic. Throws VAL_RECORD_INVALID like `parseDeadLetterHeaders`. */
export function readDeadLetter(record: DeadLetterRecord): DeadLetter {
  const headers = record.headers ?? []
  return {
    ...parseDeadLetterHeaders(headers),
    key: record.key ?? null,
    value: record.value,
    headers: originalHeaders(headers),
  }
}

/** The headers of the original record, without those that Valence adds to a dead letter. A replay sends these. */
export function originalHeaders(headers: RecordHeaders): RecordHeader[] {
  return headers.filter(({ name }) => !deadLetterNames.has(name))
}

/** Only the headers that Valence adds to a dead letter. */
export function ownHeaders(headers: RecordHeaders): RecordHeader[] {
  return headers.filter(({ name }) => deadLetterNames.has(name))
}

const deadLetterNames: ReadonlySet<string> = new Set([
  headerNames.errorCode,
  headerNames.errorMessage,
  headerNames.originTopic,
  headerNames.originPartition,
  headerNames.originOffset,
  headerNames.originTimestamp,
  headerNames.failedAt,
])

function parseOrigin(headers: RecordHeaders): DeadLetterOrigin {
  const hasTimestamp = headerText(headers, headerNames.originTimestamp) !== undefined
  const timestamp = hasTimestamp ? Number(requiredDigits(headers, headerNames.originTimestamp)) : null
  return {
    topic: requiredText(headers, headerNames.originTopic),
    partition: Number(requiredCount(headers, headerNames.originPartition, maxPartition)),
    offset: requiredCount(headers, headerNames.originOffset, maxOffset),
    // A producer can send any int64; values outside the range of Date become null.
    timestamp: timestamp !== null && isEpochMs(timestamp) ? timestamp : null,
  }
}

function requiredText(headers: RecordHeaders, name: string): string {
  const text = headerText(headers, name)
  if (text === undefined) throw new ValenceError('VAL_RECORD_INVALID', `the header ${name} is missing`)
  return text
}

function requiredTime(headers: RecordHeaders, name: string): number {
  const time = Number(requiredDigits(headers, name))
  return isEpochMs(time) ? time : invalid(`the header ${name}`, 'a time in epoch milliseconds')
}

/** Partitions are int32 and offsets int64, not negative. */
const [maxPartition, maxOffset] = [2n ** 31n - 1n, 2n ** 63n - 1n]

function requiredCount(headers: RecordHeaders, name: string, max: bigint): string {
  const digits = requiredDigits(headers, name)
  const count = BigInt(digits)
  return count >= 0n && count <= max ? digits : invalid(`the header ${name}`, `an integer from 0 to ${max}`)
}

function requiredDigits(headers: RecordHeaders, name: string): string {
  const text = requiredText(headers, name)
  // kafkajs has the timestamp -1 for a record without one.
  if (!/^-?\d{1,19}$/.test(text)) invalid(`the header ${name}`, 'decimal digits')
  return text
}
