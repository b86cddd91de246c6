import { describe, expect, it } from 'vitest'
import { percentile, type SoakSample, slope, summarise } from '../../../../bench/soak/trend.ts'

const sample = (second: number, rssMiB: number, rest: Partial<SoakSample> = {}): SoakSample => ({
  second,
  rssMiB,
  eventLoopDelayP99Ms: 5,
  lag: 10,
  recordsPerSecond: 200,
  ...rest,
})

describe('slope', () => {
  it('is that of the line through the points', () => {
    expect(
      slope([
        [0, 1],
        [1, 3],
        [2, 5],
      ]),
    ).toBeCloseTo(2)
    expect(
      slope([
        [0, 4],
        [5, 4],
      ]),
    ).toBe(0)
  })

  it('is 0 for too few points to have one', () => {
    expect(slope([])).toBe(0)
    expect(slope([[1, 7]])).toBe(0)
    expect(
      slope([
        [1, 7],
        [1, 9],
      ]),
    ).toBe(0)
  })
})

describe('percentile', () => {
  it('takes from the sorted values', () => {
    expect(percentile([9, 1, 5], 0.5)).toBe(5)
    expect(percentile([9, 1, 5], 1)).toBe(9)
    expect(percentile([], 0.5)).toBeNaN()
  })
})

describe('summarise', () => {
  it('shows a leak of the second half, whatever the first did', () => {
    const samples = [sample(0, 100), sample(900, 300), sample(1_800, 300), sample(2_700, 310), sample(3_600, 320)]
    expect(summarise(samples).rssMiBPerHour).toBeCloseTo(40)
    expect(summarise(samples).rssMiB).toEqual({ first: 100, last: 320, max: 320 })
  })

  it('keeps the worst beside the usual', () => {
    const samples = [
      sample(0, 1),
      sample(1, 1, { lag: 500, eventLoopDelayP99Ms: 80, recordsPerSecond: 0 }),
      sample(2, 1),
    ]
    expect(summarise(samples)).toMatchObject({
      lag: { median: 10, max: 500, last: 10 },
      eventLoopDelayP99Ms: { median: 5, max: 80 },
      recordsPerSecond: { median: 200, min: 0 },
    })
  })
})
