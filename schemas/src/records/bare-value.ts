import { ValenceError } from '../errors.ts'
import { readUtf8, withoutByteOrderMark } from './check-unicode.ts'
import { checkText } from './text-event.ts'

const openingBrace = 0x7b
const openingBracket = 0x5b
const quotationMark = 0x22
const peekBytes = 64

/** White space and invisible characters, a byte order mark among them, in front of what may be JSON. */
const leading = /^[\s\p{Cf}\p{Default_Ignorable_Code_Point}]*/u

/**
 * Whether a value without a schema and without a content type is JSON: it begins with `{`, parses as an array, begins an
 * array of objects, or is a string that holds an object or an array (encoded twice). White space and a byte order mark in
 * front do not count. Anything else is a bare text.
 */
export function looksLikeJson(value: Buffer): boolean {
  const first = value[0] ?? 0
  if (first === openingBrace) return true
  if (first > 0x20 && first < 0x7f && first !== openingBracket && first !== quotationMark) return false
  const start = contentOf(value.toString('utf8', 0, peekBytes))
  if (start !== '' && !/^[{["]/.test(start)) return false
  const content = contentOf(value.toString('utf8'))
  // `[sic]`, `[removed]` and `[[link]]` begin texts, and so does a bracket alone; `[{` does not.
  if (content[0] === '{') return true
  if (content[0] === '[') return /^\[\s*\{/.test(content) || parses(content)
  return content[0] === '"' && isEncodedTwice(content)
}

/** `"{\"text\":\"good\"}"`, but not `"{sic}"`. */
function isEncodedTwice(content: string): boolean {
  // Most texts in quotation marks are told here.
  if (!/^"\s*(?:\\[nrt]\s*)*[{[]/.test(content) || !parses(content)) return false
  return parses(JSON.parse(content))
}

function contentOf(text: string): string {
  return text.slice(leading.exec(text)?.[0].length)
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Every control character but the tab and the line breaks of lines of text: LF, CR and NEL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const binary = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]/

/** The text of a bare value. @throws VAL_RECORD_NOT_UTF8, VAL_RECORD_BINARY, VAL_TEXT_EMPTY, VAL_TEXT_TOO_LARGE */
export function readBareText(value: Buffer): string {
  const text = withoutByteOrderMark(readUtf8(value))
  if (binary.test(text) || isProtobuf(value)) throw new ValenceError('VAL_RECORD_BINARY')
  return checkText(text)
}

/**
 * Whether the value is a Protobuf message of strings whose first field has the number 1. Its tag is a line feed, so
 * lengths from 32 to 126 leave no other control character in it. A text passes only where the codes of its characters
 * happen to lead, from a line feed on, exactly to its end.
 */
function isProtobuf(value: Buffer): boolean {
  if (value[0] !== 0x0a) return false
  let at = 0
  for (let last = 0; at < value.length; ) {
    const tag = value[at] ?? 0
    if ((tag & 7) !== 2 || tag < last) return false
    last = tag
    const length = value[at + 1] ?? 0
    if (length > 0x7f) return false
    at += 2 + length
  }
  return at === value.length
}
