import { isLosslessNumber, parse } from 'lossless-json'
import { ValenceError } from '../errors.ts'
import { checkUnicode, readUtf8, withoutByteOrderMark } from '../records/check-unicode.ts'
import { invalid } from '../records/record-fields.ts'
import { ScalarMessage } from './scalar-message.ts'

/**
 * A scalar as text: strings, numbers, booleans, bytes of UTF-8. Null where there is none.
 * @param exact the value with the digits that the writer wrote; asked for where a number may have lost some
 * @throws VAL_RECORD_INVALID for objects and arrays, VAL_RECORD_NOT_UTF8; both name the field
 */
export function scalarText(given: unknown, field: string, exact?: () => unknown): string | null {
  const value = ScalarMessage.scalarOf(given)
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return checkUnicode(value, field)
  if (typeof value === 'number') return numberText(value, exact)
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (value instanceof Uint8Array) return readUtf8(value, field)
  return invalid(field, 'a string, a number or a boolean')
}

/** From here on a double has no room for a fraction, and soon not for every integer. */
const maxCertain = 2 ** 52

function numberText(value: number, exact: (() => unknown) | undefined): string {
  const isCertain = Number.isInteger(value) && Math.abs(value) < maxCertain
  if (isCertain || exact === undefined) return String(value)
  return String(exact() ?? value)
}

/**
 * Parses JSON bytes that `JSON.parse` has parsed before; numbers keep their digits. As there, the last of equal keys counts.
 * @throws VAL_RECORD_INVALID where the value is nested too deeply for a parser that calls itself
 */
export function parseExactly(bytes: Uint8Array): unknown {
  try {
    return parse(withoutByteOrderMark(readUtf8(bytes)), undefined, { onDuplicateKey: ({ newValue }) => newValue })
  } catch (cause) {
    throw new ValenceError('VAL_RECORD_INVALID', 'a number has more digits than can be read at this depth', { cause })
  }
}

/** A number of `parseExactly` as it was written; other values as they are. */
export function digitsOf(value: unknown): unknown {
  return isLosslessNumber(value) ? value.value : value
}
