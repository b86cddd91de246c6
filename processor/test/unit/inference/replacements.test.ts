import { expect, test, vi } from 'vitest'
import { createReplacements } from '../../../src/inference/replacements.ts'

const step = (pattern: string | RegExp, content: string) => ({
  pattern,
  normalize: vi.fn((text: string) => text.replaceAll(pattern, content)),
})

test('run one after the other, each on what the one before made', () => {
  const replace = createReplacements([step('&amp;', '&'), step(/&lt;/gu, '<')])
  expect(replace('a &amp;lt; b')).toBe('a < b')
})

test('are not run on a text in which none finds anything', () => {
  const steps = [step('a.c', 'x'), step(/!{4,}/gu, '!!!')]
  const replace = createReplacements(steps)
  expect(replace('abc!!!')).toBe('abc!!!')
  for (const { normalize } of steps) expect(normalize).not.toHaveBeenCalled()
  expect(replace('a.c!!!!!')).toBe('x!!!')
})

test.each([undefined, null, /a/giu])(
  'are always run where it cannot be told what one of them finds (%s)',
  (pattern) => {
    const other = { pattern, normalize: (text: string) => text.toUpperCase() }
    expect(createReplacements([step('zz', 'y'), other])('abc')).toBe('ABC')
  },
)

test('may be none', () => {
  expect(createReplacements([])('abc')).toBe('abc')
})
