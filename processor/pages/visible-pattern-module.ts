import { checkText } from '@valence/schemas'

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
export function blankRanges(): [first: number, last: number][] {
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

/** The source of http/contract/visible-pattern.ts. */
export function visiblePatternModule(): string {
  const lines = ['']
  for (const [first, last] of blankRanges()) {
    const range = first === last ? escaped(first) : `${escaped(first)}-${escaped(last)}`
    if ((lines.at(-1) ?? '').length + range.length > lineLength) lines.push('')
    lines[lines.length - 1] += range
  }
  return `/**
 * Matches a text with at least one visible character, by the rule of \`checkText\`. Written by \`make pages\`. The ranges are
 * spelt out because Python's expressions have no Unicode classes. Characters beyond U+FFFF stand in the pattern as
 * themselves because Python and JavaScript escape them differently.
 */
export const visiblePattern = [
  '[^',
${lines.map((line) => `  '${line}',`).join('\n')}
  ']',
].join('')
`
}
