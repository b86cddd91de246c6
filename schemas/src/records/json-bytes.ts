import { isUtf8 } from 'node:buffer'
import { ValenceError } from '../errors.ts'

/**
 * The JSON value that the bytes spell. Throws VAL_RECORD_NOT_UTF8 or VAL_RECORD_JSON_INVALID; the parser's own
 * message is left out because it repeats the text.
 */
export function parseJsonBytes(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) throw new ValenceError('VAL_RECORD_NOT_UTF8')
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch {
    throw new ValenceError('VAL_RECORD_JSON_INVALID')
  }
}
