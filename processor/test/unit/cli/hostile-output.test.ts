import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { ValenceError } from '@valence/schemas'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Output } from '../../../src/cli/context.ts'
import { LineProblems } from '../../../src/cli/line-problems.ts'
import { paint, writeJson, writeLines } from '../../../src/cli/output.ts'
import { formatTable } from '../../../src/cli/table.ts'

const nasty = ['\n', '\r', '\u001b[2J', '\u001b[8m', '\u009b1A', '\u001b]52;c;aGk=\u0007', '\u202e', '\u2028', '\u200b']
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'binary', maxLength: 10 })), { maxLength: 6 })
  .map((parts) => parts.join(''))
// A tab is ours as well as theirs; it moves on within its line and does nothing else.
const obeyed = /(?!\t)[\p{Cc}\p{Cf}\u2028\u2029]/u

function capture(isTTY = false) {
  let text = ''
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  })
  return { stream: Object.assign(stream, { isTTY }) as unknown as Output, text: () => text }
}

describe('what others wrote, on a terminal', () => {
  it('stays in its cell of a table', () =>
    fc.assert(
      fc.asyncProperty(fc.array(hostile, { minLength: 1, maxLength: 4 }), async (cells) => {
        const { stream, text } = capture(true)
        const rows = cells.map((cell) => [cell, 'next'])
        await writeLines(stream, formatTable([{ title: 'OWNER' }, { title: 'X' }], rows))
        const lines = text().split('\n')
        expect(lines).toHaveLength(rows.length + 2)
        // Colours that came with a cell may show; nothing else of it does anything.
        for (const line of lines) expect(stripVTControlCharacters(line)).not.toMatch(obeyed)
      }),
    ))

  it('keeps its value and makes no line of its own as JSON', () =>
    fc.assert(
      fc.asyncProperty(hostile, async (value) => {
        const { stream, text } = capture()
        await writeJson(stream, { [value]: value })
        expect(text().slice(0, -1)).not.toMatch(obeyed)
        expect(JSON.parse(text())).toEqual({ [value]: value })
      }),
    ))

  it('forges no line of a report', () =>
    fc.assert(
      fc.property(hostile, (detail) => {
        const { stream, text } = capture(true)
        const problems = new LineProblems()
        problems.add(3, new ValenceError('VAL_RECORD_INVALID', detail))
        problems.report(stream, 'rejected')
        expect(text().split('\n')).toHaveLength(3)
        expect(stripVTControlCharacters(text()).replaceAll('\n', '')).not.toMatch(obeyed)
      }),
    ))

  it('leaves our own colours and tabs', async () => {
    const { stream, text } = capture(true)
    await writeLines(stream, [`a\t${paint(stream, 'red', 'b')}\u001b[K`])
    expect(text()).toBe(`a\t${paint(stream, 'red', 'b')}\u001b[K\n`)
  })
})
