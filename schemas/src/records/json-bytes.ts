import { ValenceError } from '../errors.ts'
import { readUtf8, withoutByteOrderMark } from './check-unicode.ts'

/**
 * The JSON value that the bytes spell, behind a byte order mark or not. Throws VAL_RECORD_NOT_UTF8 or
 * VAL_RECORD_JSON_INVALID; the parser's own message is left out because it repeats the text.
 */
export function parseJsonBytes(bytes: Uint8Array): unknown {
  const text = withoutByteOrderMark(readUtf8(bytes))
  try {
    return JSON.parse(text)
  } catch {
    throw new ValenceError('VAL_RECORD_JSON_INVALID')
  }
}

/** The JSON object that the bytes spell. Throws like `parseJsonBytes`, also for any other JSON value. */
export function parseJsonObject(bytes: Uint8Array): object {
  const value = parseJsonBytes(bytes)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  const kind = Array.isArray(value) ? 'an array' : value === null ? 'null' : `a ${typeof value}`
  throw new ValenceError('VAL_RECORD_JSON_INVALID', `${kind}, not an object`)
}
