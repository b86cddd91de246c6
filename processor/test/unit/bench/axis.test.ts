import { describe, expect, it } from 'vitest'
import { roundUp } from '../../../bench/axis.ts'

describe('roundUp', () => {
  it.each([
    [0, 1],
    [0.3, 0.5],
    [1, 1],
    [1.1, 2],
    [37, 50],
    [501, 1_000],
  ])('ends the axis of %d at %d', (value, end) => {
    expect(roundUp(value)).toBeCloseTo(end)
  })
})
