import { describe, expect, it } from 'vitest'
import { plotSoak } from '../../../../bench/soak/plot.ts'

describe('plotSoak', () => {
  const samples = Array.from({ length: 5 }, (_, index) => ({
    second: index * 60,
    rssMiB: 300,
    eventLoopDelayP99Ms: 4,
    lag: index,
    recordsPerSecond: 200,
  }))

  it('draws four curves with a point for each sample, inside the frame', () => {
    const curves = [...plotSoak(samples).matchAll(/<polyline points="([^"]+)"/g)].map(([, points]) =>
      (points ?? '').split(' ').map((point) => point.split(',').map(Number)),
    )
    expect(curves.map((curve) => curve.length)).toEqual([5, 5, 5, 5])
    for (const [x = -1, y = -1] of curves.flat()) {
      expect(x).toBeGreaterThanOrEqual(70)
      expect(x).toBeLessThanOrEqual(840)
      expect(y).toBeGreaterThan(0)
    }
  })

  it('draws a run without samples and one of zeros', () => {
    expect(plotSoak(samples.slice(0, 1))).not.toContain('NaN')
    const zeros = samples.map((sample) => ({ ...sample, lag: 0, recordsPerSecond: 0 }))
    expect(plotSoak(zeros)).not.toMatch(/NaN|Infinity/)
  })
})
