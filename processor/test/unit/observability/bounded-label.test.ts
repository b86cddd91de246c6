import { describe, expect, it } from 'vitest'
import { BoundedLabel } from '../../../src/observability/bounded-label.ts'

describe('BoundedLabel', () => {
  it('keeps the first values and replaces the rest by other', () => {
    const label = new BoundedLabel(2)
    expect(['a', 'b', 'c', 'a', 'd'].map((value) => label.of(value))).toEqual(['a', 'b', 'other', 'a', 'other'])
  })

  it('never has more values than its bound', () => {
    const label = new BoundedLabel(50)
    const values = new Set(Array.from({ length: 10_000 }, (_, index) => label.of(`source-${index}`)))
    expect(values.size).toBe(51)
  })

  it('is none without a value and other for a value of more than 64 characters', () => {
    const label = new BoundedLabel(2)
    expect([null, undefined, ''].map((value) => label.of(value))).toEqual(['none', 'none', 'none'])
    expect(label.of('x'.repeat(65))).toBe('other')
    expect(label.of('x'.repeat(64))).toHaveLength(64)
  })
})
