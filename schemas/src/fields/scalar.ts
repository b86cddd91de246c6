import { isLosslessNumber, parse } from 'lossless-json'
import { checkUnicode, readUtf8, withoutByteOrderMark } from '../records/check-unicode.ts'
import { invalid } from '../records/record-fields.ts'

/**
 * A scalar as text: strings, numbers, booleans, bytes of UTF-8. Null where there is none.
 * @param exact the value with the digits that the writer wrote; asked for where a number may have lost some
 * @throws VAL_RECORD_INVALID for objects and arrays, VAL_RECORD_NOT_UTF8; both name the field
 */
export function scalarText(value: unknown, field: string, exact?: () => unknown): string | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return checkUnicode(value, field)
  if (typeof value === 'number') return numberText(value, exact)
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (value instanceof Uint8Array) return readUtf8(value, field)
  return invalid(field, 'a string, a number or a boolean')
}

function numberText(value: number, exact: (() => unknown) | undefined): string {
  if (Number.isSafeInteger(value) || exact === undefined) return String(value)
  return String(exact())
}

/** Parses JSON bytes that `JSON.parse` has parsed before; numbers keep their digits. */
export function parseExactly(bytes: Uint8Array): unknown {
  return parse(withoutByteOrderMark(readUtf8(bytes)))
}

/** A number of `parseExactly` as it was written; other values as they are. */
export function digitsOf(value: unknown): unknown {
  return isLosslessNumber(value) ? value.value : value
}
