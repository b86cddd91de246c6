import { checkText } from '@valence/schemas'
import { expect, it } from 'vitest'
import { visiblePattern } from '../../../src/http/contract/visible-pattern.ts'

const lineLength = 110

function isText(character: string): boolean {
  try {
    checkText(character)
    return true
  } catch {
    return false
  }
}

/** The characters of which none makes a text, as ranges of their code points. */
function blankRanges(): [first: number, last: number][] {
  const ranges: [number, number][] = []
  for (let point = 0; point <= 0x10ffff; point += 1) {
    if ((point >= 0xd800 && point <= 0xdfff) || isText(String.fromCodePoint(point))) continue
    const last = ranges.at(-1)
    if (last?.[1] === point - 1) last[1] = point
    else ranges.push([point, point])
  }
  return ranges
}

function escaped(point: number): string {
  const digits = point.toString(16).padStart(4, '0')
  return point > 0xffff ? `\\u{${digits}}` : `\\\\u${digits}`
}

function moduleOf(ranges: readonly [number, number][]): string {
  const lines = ['']
  for (const [first, last] of ranges) {
    const range = first === last ? escaped(first) : `${escaped(first)}-${escaped(last)}`
    if ((lines.at(-1) ?? '').length + range.length > lineLength) lines.push('')
    lines[lines.length - 1] += range
  }
  return `/**
 * At least one character that can be seen, as \`checkText\` has it; written by its test (\`vitest -u\`). Spelt out, because
 * Python's expressions know no classes of Unicode; beyond U+FFFF the characters themselves stand in the pattern, because
 * the two languages escape them differently.
 */
export const visiblePattern = [
  '[^',
${lines.map((line) => `  '${line}',`).join('\n')}
  ']',
].join('')
`
}

it('the document and the rule for records agree on every character', async () => {
  const ranges = blankRanges()
  await expect(moduleOf(ranges)).toMatchFileSnapshot('../../../src/http/contract/visible-pattern.ts')
  const pattern = new RegExp(visiblePattern, 'u')
  for (const [first, last] of ranges) {
    const around = [first - 1, first, last, last + 1]
      .filter((point) => point >= 0 && point <= 0x10ffff)
      .map((p) => String.fromCodePoint(p))
    expect(around.map((character) => pattern.test(character))).toEqual(around.map(isText))
  }
})
