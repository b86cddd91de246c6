import { expect, test } from 'vitest'
import { cacheKey } from '../../../../src/scoring/caching/score-cache.ts'

test('a key depends on the model and on every character of the text, and does not show the text', () => {
  const key = cacheKey('abcd', 'a private text')
  expect(key).toBe(cacheKey('abcd', 'a private text'))
  expect(key).not.toBe(cacheKey('abce', 'a private text'))
  expect(key).not.toBe(cacheKey('abcd', 'a private text '))
  expect(key).not.toBe(cacheKey('abcd', 'A private text'))
  expect(key).toMatch(/^abcd:[A-Za-z0-9_-]{43}$/)
})
