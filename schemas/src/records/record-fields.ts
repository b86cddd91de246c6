import { ValenceError } from '../errors.ts'
import { checkUnicode } from './check-unicode.ts'

/** A record from outside, whose fields are unchecked. */
export type RawRecord = Readonly<Record<string, unknown>>

/** ECMAScript's range of Date: ±100 million days. */
const maxEpochMs = 8.64e15

/** Throws VAL_RECORD_INVALID naming the field. The value is not quoted: it can be long or private. */
export function invalid(field: string, expectation: string): never {
  throw new ValenceError('VAL_RECORD_INVALID', `${field.slice(0, 80).toWellFormed()} must be ${expectation}`)
}

export function asRecord(value: unknown, field: string): RawRecord {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) invalid(field, 'an object')
  return value as RawRecord
}

export function readString(record: RawRecord, field: string, path = field): string {
  const value = record[field]
  if (typeof value !== 'string') invalid(path, 'a string')
  return checkUnicode(value, path)
}

export function readNullableString(record: RawRecord, field: string): string | null {
  const value = record[field] ?? null
  if (value === null) return null
  if (typeof value !== 'string') invalid(field, 'a string or null')
  return checkUnicode(value, field)
}

export function readNumber(record: RawRecord, field: string, path = field): number {
  const value = record[field]
  if (typeof value !== 'number' || !Number.isFinite(value)) invalid(path, 'a finite number')
  return value
}

export function readBoolean(record: RawRecord, field: string): boolean {
  const value = record[field]
  if (typeof value !== 'boolean') invalid(field, 'a boolean')
  return value
}

/** A non-negative 32-bit integer: a partition, a count. */
export function readCount(record: RawRecord, field: string, path = field): number {
  const value = record[field]
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 0x7fff_ffff) {
    invalid(path, 'an integer from 0 to 2147483647')
  }
  return value as number
}

/** Epoch milliseconds. */
export function readTimestamp(record: RawRecord, field: string, path = field): number {
  const value = record[field]
  if (!Number.isInteger(value) || !isEpochMs(value as number)) invalid(path, 'a time in epoch milliseconds')
  return value as number
}

export function readNullableTimestamp(record: RawRecord, field: string, path = field): number | null {
  return (record[field] ?? null) === null ? null : readTimestamp(record, field, path)
}

/** An offset: decimal digits within a signed 64-bit integer. */
export function readOffset(record: RawRecord, field: string, path = field): string {
  const value = record[field]
  const digits = typeof value === 'bigint' ? String(value) : value
  if (typeof digits !== 'string' || !/^\d{1,19}$/.test(digits) || BigInt(digits) > 0x7fff_ffff_ffff_ffffn) {
    invalid(path, 'a non-negative 64-bit integer in decimal digits')
  }
  return digits
}

/** Reads a map with any keys, including `__proto__`; null and undefined are the empty map. */
export function readMap<T extends 'string' | 'number'>(
  record: RawRecord,
  field: string,
  type: T,
): Record<string, T extends 'string' ? string : number> {
  const entries = Object.entries(asRecord(record[field] ?? {}, field))
  for (const [key, value] of entries) {
    checkUnicode(key, `a name in ${field}`)
    if (typeof value !== type || (type === 'number' && !Number.isFinite(value))) invalid(`${field}.${key}`, `a ${type}`)
    if (typeof value === 'string') checkUnicode(value, `${field}.${key}`)
  }
  // Assignment would call the setter of `__proto__`; fromEntries defines a property.
  return Object.fromEntries(entries) as Record<string, never>
}

/** True if the value is in the range of Date. */
export function isEpochMs(value: number): boolean {
  return Math.abs(value) <= maxEpochMs
}
