import { describe, expect, it } from 'vitest'
import type { Measurements } from '../../../../bench/report/measurements.ts'
import { plotMeasurements } from '../../../../bench/report/plot.ts'

const bench = { tokens: [{ upTo: 8, texts: 3 }] } as unknown as Measurements['bench']

const measured: Measurements = {
  bench,
  peers: {
    kafka: {
      date: '2026-01-01',
      texts: 10,
      rounds: 1,
      results: [
        { name: 'valence', textsPerSecond: 1_000, cpuPerThousand: 1 },
        { name: 'another', textsPerSecond: 250, cpuPerThousand: 4 },
      ],
    },
  },
  latency: {
    date: '2026-01-01',
    capacity: 100,
    rows: [0.1, 0.8].map((share) => {
      const times = { p50: share * 100, p99: share * 400, max: 500 }
      return { share, textsPerSecond: share * 100, texts: 10, ...times, fromAppend: times }
    }),
  },
  cascade: {
    date: '2026-01-01',
    ratio: 2,
    full: { tweets: 0.7 },
    curve: [
      { threshold: 0, referred: 0, speedup: 2, macroRecall: { tweets: 0.68 } },
      { threshold: 1, referred: 1, speedup: 0.7, macroRecall: { tweets: 0.7 } },
    ],
  },
}

describe('plotMeasurements', () => {
  it('draws bars as long as their values and curves within their panels', () => {
    const svg = plotMeasurements(measured)
    const [valence, another] = [...svg.matchAll(/<rect x="350"[^>]* width="([\d.]+)"[^>]*fill="#(?:2563eb|9ca3af)"/g)]
    expect(Number(another?.[1]) / Number(valence?.[1])).toBeCloseTo(0.25)
    const points = [...svg.matchAll(/<polyline points="([^"]+)"/g)].map(([, line]) => line?.split(' '))
    expect(points.map((line) => line?.length)).toEqual([2, 2, 2])
    for (const [x, y] of points.flat().map((point) => point?.split(',').map(Number) ?? [])) {
      expect(x).toBeGreaterThanOrEqual(350)
      expect(x).toBeLessThanOrEqual(800)
      expect(y).toBeGreaterThanOrEqual(34)
      expect(y).toBeLessThanOrEqual(34 + 190)
    }
    expect(svg).not.toMatch(/NaN|Infinity/)
  })

  it('leaves out what was not measured', () => {
    const svg = plotMeasurements({ bench: {} as Measurements['bench'] })
    expect(svg).not.toContain('polyline')
    expect(svg).not.toMatch(/NaN|Infinity/)
  })
})
