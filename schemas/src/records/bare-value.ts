import { ValenceError } from '../errors.ts'
import { readUtf8, withoutByteOrderMark } from './check-unicode.ts'
import { checkText } from './text-event.ts'

const openingBrace = 0x7b
const openingBracket = 0x5b
const quotationMark = 0x22
const peekBytes = 64

/** Leading white space and invisible characters, including a byte order mark. */
const leading = /^[\s\p{Cf}\p{Default_Ignorable_Code_Point}]*/u

/**
 * True if a value without schema and content type is JSON: it begins with `{`, is a valid array, begins with an array of
 * objects, or is a JSON string that contains an object or array (encoded twice). Leading white space and a byte order mark
 * are ignored. Every other value is a bare text.
 */
export function looksLikeJson(value: Buffer): boolean {
  const first = value[0] ?? 0
  if (first === openingBrace) return true
  if (first > 0x20 && first < 0x7f && first !== openingBracket && first !== quotationMark) return false
  const start = contentOf(value.toString('utf8', 0, peekBytes))
  if (start !== '' && !/^[{["]/.test(start)) return false
  const content = contentOf(value.toString('utf8'))
  // Texts can begin with a bracket: `[sic]`, `[removed]`, `[[link]]`; `[{` is JSON.
  if (content[0] === '{') return true
  if (content[0] === '[') return /^\[\s*\{/.test(content) || parses(content)
  return content[0] === '"' && isEncodedTwice(content)
}

/** True for `"{\"text\":\"good\"}"`, false for `"{sic}"`. */
function isEncodedTwice(content: string): boolean {
  // Fast path: most texts in quotation marks fail this test, without parsing.
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

/** Control characters except tab, LF, CR and NEL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const binary = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]/

/** The text of a bare value. @throws VAL_RECORD_NOT_UTF8, VAL_RECORD_BINARY, VAL_TEXT_EMPTY, VAL_TEXT_TOO_LARGE */
export function readBareText(value: Buffer): string {
  const text = withoutByteOrderMark(readUtf8(value))
  if (binary.test(text) || isProtobuf(value)) throw new ValenceError('VAL_RECORD_BINARY')
  return checkText(text)
}

/**
 * True if the value parses as a Protobuf message of length-delimited fields, the first with number 1. Its tag is 0x0a, a
 * line feed, and lengths from 32 to 126 are printable, so `binary` does not match it. A text is misread only if it begins
 * with a line feed and its characters, read as lengths, end exactly at its end.
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
