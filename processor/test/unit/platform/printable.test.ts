import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLogger } from '../../../src/observability/logger.ts'
import { keepEscapes, printable } from '../../../src/platform/printable.ts'

/** Line breaks, terminal escapes in 7 and 8 bits, bidirectional and invisible characters, a lone surrogate. */
const nasty = [
  '\n',
  '\r\n',
  '\u001b[31m',
  '\u009b2J',
  '\u001b]0;title\u0007',
  '\b',
  '\u007f',
  '\u202e',
  '\u2066',
  '\u200b',
  '\u2028',
  '\u{e0041}',
  '\ud800',
  '\\',
  '\\u001b',
  '"',
]
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'binary', maxLength: 10 })), { maxLength: 8 })
  .map((parts) => parts.join(''))
const obeyed = /[\p{Cc}\p{Cf}\u2028\u2029]/u

describe('printable', () => {
  it('escapes every character that can control a terminal, and no other', () =>
    fc.assert(
      fc.property(hostile, (text) => {
        expect(printable(text)).not.toMatch(obeyed)
        if (!obeyed.test(text)) expect(printable(text)).toBe(text)
      }),
    ))

  it('changes no value in JSON', () =>
    fc.assert(
      fc.property(hostile, fc.jsonValue(), (text, value) => {
        const json = JSON.stringify({ [text]: value, text })
        expect(JSON.parse(printable(json))).toEqual(JSON.parse(json))
      }),
    ))
})

describe('keepEscapes', () => {
  it('parses to strings without control characters except line breaks', () =>
    fc.assert(
      fc.property(hostile, (text) => {
        const parsed = JSON.parse(keepEscapes(printable(JSON.stringify([text]))))[0] as string
        expect(parsed.replaceAll(/[\n\t]/g, '')).not.toMatch(obeyed)
      }),
    ))
})

describe('a line of the log', () => {
  it('is one line with the given values, with any content of ids, headers and topics', () =>
    fc.assert(
      fc.property(hostile, hostile, (key, value) => {
        const lines: string[] = []
        const logger = createLogger('info', { write: (line: string) => void lines.push(line) })
        const name = `k${key}`
        logger.info({ [name]: value, nested: { topic: value }, err: new Error(value) }, 'event')
        expect(lines).toHaveLength(1)
        const line = lines[0] as string
        expect(line.slice(0, -1)).not.toMatch(obeyed)
        expect(line.at(-1)).toBe('\n')
        const parsed = JSON.parse(line)
        expect(parsed).toMatchObject({ level: 'info', msg: 'event', service: 'valence', nested: { topic: value } })
      }),
    ))
})
