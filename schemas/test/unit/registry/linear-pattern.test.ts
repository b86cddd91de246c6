import { expect, it } from 'vitest'
import { compileLinearPattern } from '../../../src/registry/linear-pattern.ts'

const whiteSpace = [...'\t\n\v\f\r \u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\ufeff']
const others = [
  ...'\u0008\u000ea!\u009f\u00a1\u167f\u1681\u200b\u2027\u202a\u2030\u205e\u2060\u2fff\u3001\ufefe\uff00👍',
]

it.each(['^\\s$', '^\\S$', '^[\\s]$', '^[\\S]$', '^[^\\s]$', '^[^\\S]$', '^.$', '^[.]$', '^\\.$', '^[a\\]\\s]$'])(
  '%s reads each character as ECMA 262 does',
  (pattern) => {
    const ecma = new RegExp(pattern, 'u')
    const linear = compileLinearPattern(pattern)
    for (const character of [...whiteSpace, ...others, '.', ']']) {
      expect([character, linear.test(character)]).toEqual([character, ecma.test(character)])
    }
  },
)

it.each(['(?=a)b', '(?<!a)b', '(a)\\1', '(?<x>a)\\k<x>', '(', '((a{100}){100}){100}'])('%s is refused', (pattern) => {
  expect(() => compileLinearPattern(pattern)).toThrow(expect.objectContaining({ code: 'VAL_SCHEMA_PATTERN_REFUSED' }))
})

it('a pattern with exponential time in JavaScript runs in linear time', () => {
  const began = performance.now()
  expect(compileLinearPattern('^(a+)+$').test(`${'a'.repeat(5_000)}!`)).toBe(false)
  // JavaScript would take 2^5000 steps.
  expect(performance.now() - began).toBeLessThan(30_000)
})

it('a pattern of more states has a greater size', () => {
  expect(compileLinearPattern('a{50}').size).toBeGreaterThan(compileLinearPattern('a').size)
})
