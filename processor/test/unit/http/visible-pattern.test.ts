import { checkText } from '@valence/schemas'
import { expect, it } from 'vitest'
import { blankRanges } from '../../../pages/visible-pattern-module.ts'
import { visiblePattern } from '../../../src/http/contract/visible-pattern.ts'

function isText(character: string): boolean {
  try {
    checkText(character)
    return true
  } catch {
    return false
  }
}

it('the document and the rule for records agree on every character', () => {
  const pattern = new RegExp(visiblePattern, 'u')
  for (const [first, last] of blankRanges()) {
    const around = [first - 1, first, last, last + 1]
      .filter((point) => point >= 0 && point <= 0x10ffff)
      .map((p) => String.fromCodePoint(p))
    expect(around.map((character) => pattern.test(character))).toEqual(around.map(isText))
  }
})
