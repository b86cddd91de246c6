import { ValenceError } from '../errors.ts'
import { readUtf8 } from './check-unicode.ts'

/**
 * The JSON value that the bytes spell. Throws VAL_RECORD_NOT_UTF8 or VAL_RECORD_JSON_INVALID; the parser's own
 * message is left out because it repeats the text.
 */
export function parseJsonBytes(bytes: Uint8Array): unknown {
  const text = readUtf8(bytes)
  try {
    return JSON.parse(text)
  } catch {
    throw new ValenceError('VAL_RECORD_JSON_INVALID')
  }
}
