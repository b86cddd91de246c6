import { ValenceError } from '@valence/schemas'

/** A member of an object: its name without escapes, and where the bytes of its value lie. */
export interface RootMember {
  readonly name: string
  readonly start: number
  readonly end: number
}

/** Where the parts of a JSON object lie in its bytes. */
export interface RootObject {
  readonly members: readonly RootMember[]
  /** Behind the last member, or behind the opening brace of an empty object. */
  readonly end: number
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a]
const [braceOpen, braceClose, bracketOpen, bracketClose] = [0x7b, 0x7d, 0x5b, 0x5d]

/**
 * The members at the root of a JSON object in UTF-8; undefined for another JSON value. The bytes must be JSON that
 * parses: values are passed over, not checked. @throws VAL_RECORD_JSON_INVALID where even the root does not add up
 */
export function readRootObject(bytes: Buffer): RootObject | undefined {
  let at = skipSpace(bytes, bytes.length >= 3 && bytes.readUIntBE(0, 3) === 0xefbbbf ? 3 : 0)
  if (bytes[at] !== braceOpen) return undefined
  const members: RootMember[] = []
  let end = at + 1
  at = skipSpace(bytes, end)
  while (bytes[at] === quote) {
    const nameEnd = stringEnd(bytes, at)
    const name: string = JSON.parse(bytes.toString('utf8', at, nameEnd))
    at = skipSpace(bytes, nameEnd)
    if (bytes[at] !== colon) throw invalid()
    const start = skipSpace(bytes, at + 1)
    end = valueEnd(bytes, start)
    members.push({ name, start, end })
    at = skipSpace(bytes, end)
    if (bytes[at] === braceClose) break
    if (bytes[at] !== comma) throw invalid()
    at = skipSpace(bytes, at + 1)
  }
  if (bytes[at] !== braceClose) throw invalid()
  return { members, end }
}

/** Inserts text at an offset; every other byte stays. */
export function splice(bytes: Buffer, at: number, text: string): Buffer {
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(text), bytes.subarray(at)])
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from
  while (isSpace(bytes[at])) at += 1
  return at
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** Behind the closing quote of the string that begins here. In UTF-8 no byte of another character looks like a quote. */
function stringEnd(bytes: Buffer, from: number): number {
  for (let at = from + 1; at < bytes.length; at += 1) {
    if (bytes[at] === backslash) at += 1
    else if (bytes[at] === quote) return at + 1
  }
  throw invalid()
}

function valueEnd(bytes: Buffer, from: number): number {
  const first = bytes[from]
  if (first === quote) return stringEnd(bytes, from)
  return first === braceOpen || first === bracketOpen ? nestedEnd(bytes, from) : scalarEnd(bytes, from)
}

/** Without recursion: a record may nest as deep as its bytes allow. */
function nestedEnd(bytes: Buffer, from: number): number {
  let depth = 0
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (byte === quote) at = stringEnd(bytes, at) - 1
    else if (byte === braceOpen || byte === bracketOpen) depth += 1
    else if (byte === braceClose || byte === bracketClose) depth -= 1
    if (depth === 0) return at + 1
  }
  throw invalid()
}

function scalarEnd(bytes: Buffer, from: number): number {
  let at = from
  while (at < bytes.length && !isSpace(bytes[at]) && bytes[at] !== comma && bytes[at] !== braceClose) at += 1
  if (at === from) throw invalid()
  return at
}

function invalid(): ValenceError {
  return new ValenceError('VAL_RECORD_JSON_INVALID')
}
