import { isUtf8 } from 'node:buffer'
import { ValenceError } from '../errors.ts'

/*
 * Every text of records, requests and files must be valid Unicode, else it is refused as VAL_RECORD_NOT_UTF8. Invalid
 * parts are not replaced by U+FFFD, because the writer meant another character.
 */

/** Returns the string. Throws VAL_RECORD_NOT_UTF8 for a lone surrogate, which JavaScript and JSON strings can contain. */
export function checkUnicode(text: string, field: string): string {
  if (text.isWellFormed()) return text
  throw new ValenceError('VAL_RECORD_NOT_UTF8', `${field.slice(0, 80).toWellFormed()} holds half a surrogate pair`)
}

/** Decodes UTF-8. Throws VAL_RECORD_NOT_UTF8. @param field name of the value in the error */
export function readUtf8(bytes: Uint8Array, field?: string): string {
  if (!isUtf8(bytes)) throw new ValenceError('VAL_RECORD_NOT_UTF8', field)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

/** Removes a leading byte order mark, which is no part of the text. */
export function withoutByteOrderMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}
