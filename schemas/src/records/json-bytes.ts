import { ValenceError } from '../errors.ts'
import { readUtf8, withoutByteOrderMark } from './check-unicode.ts'

/**
 * Parses JSON bytes; a leading byte order mark is ignored. Throws VAL_RECORD_NOT_UTF8 or VAL_RECORD_JSON_INVALID, without
 * the parser's message, which quotes the text.
 */
export function parseJsonBytes(bytes: Uint8Array): unknown {
  const text = withoutByteOrderMark(readUtf8(bytes))
  try {
    return JSON.parse(text)
  } catch {
    throw new ValenceError('VAL_RECORD_JSON_INVALID')
  }
}

/** Parses the bytes of a JSON object. Throws like `parseJsonBytes`, and VAL_RECORD_JSON_INVALID for other JSON values. */
export function parseJsonObject(bytes: Uint8Array): object {
  const value = parseJsonBytes(bytes)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  const kind = Array.isArray(value) ? 'an array' : value === null ? 'null' : `a ${typeof value}`
  throw new ValenceError('VAL_RECORD_JSON_INVALID', `${kind}, not an object`)
}
