import { checkText } from '@valence/schemas'
import { expect, it } from 'vitest'
import { visiblePattern } from '../../../src/http/contract/fields.ts'

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
  const differing: string[] = []
  for (let point = 0; point <= 0x10ffff; point += 1) {
    if (point >= 0xd800 && point <= 0xdfff) continue
    const character = String.fromCodePoint(point)
    if (pattern.test(character) !== isText(character)) differing.push(point.toString(16))
  }
  expect(differing).toEqual([])
})
