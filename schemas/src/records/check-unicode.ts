import { isUtf8 } from 'node:buffer'
import { ValenceError } from '../errors.ts'

/*
 * The one rule for every text of records, requests and files: it is valid Unicode, or it is refused as
 * VAL_RECORD_NOT_UTF8. Nothing is replaced by U+FFFD: the writer meant some other character.
 */

/** The same string. A JavaScript or JSON string may hold half a surrogate pair, which no UTF-8 can spell. */
export function checkUnicode(text: string, field: string): string {
  if (text.isWellFormed()) return text
  throw new ValenceError('VAL_RECORD_NOT_UTF8', `${field.slice(0, 80).toWellFormed()} holds half a surrogate pair`)
}

/** The text that the bytes spell. `field`: what to call them in the error. */
export function readUtf8(bytes: Uint8Array, field?: string): string {
  if (!isUtf8(bytes)) throw new ValenceError('VAL_RECORD_NOT_UTF8', field)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

/** A byte order mark in front tells the encoding; it is no part of the text. */
export function withoutByteOrderMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}
