import { expect, it } from 'vitest'
import { type OverheadReport, overheadLines } from '../../../../bench/overhead/lines.ts'

const small = { median: 1.004, p25: 0.998, p75: 1.012 }
const report: OverheadReport = {
  date: '2026-11-25T10:00:00.000Z',
  machine: { cpu: 'A CPU', cores: 2, node: 'v24.21.0' },
  rounds: 20,
  textsPerRound: 1_500,
  scrapeSeconds: 5,
  spans: 3_000,
  contestants: [
    { name: 'without', cpuPerThousand: 1.5, textsPerSecond: 1_000, cpuSeconds: [], wallSeconds: [] },
    { name: 'metrics', cpuPerThousand: 1.506, textsPerSecond: 1_000, cpuSeconds: [], wallSeconds: [] },
    { name: 'traces', cpuPerThousand: 1.52, textsPerSecond: 990, cpuSeconds: [], wallSeconds: [] },
  ],
  metrics: { cpu: small, wall: { median: 0.991, p25: 0.98, p75: 1 } },
  traces: { cpu: small, wall: small },
}

it('tells what metrics and traces cost with the spread, gains as they are', () => {
  const lines = overheadLines(report).split('\n')
  expect(lines[0]).toMatch(/^2026-11-25, 2 cores \(A CPU\), Node v24.21.0: 20 rounds of 1500 distinct texts/)
  expect(lines).toContain('| metrics, over none at all   | 0.4 % (-0.2 % to 1.2 %) | -0.9 % (-2.0 % to 0.0 %) |')
  expect(lines).toContain('| traces of 1 %, over metrics | 0.4 % (-0.2 % to 1.2 %) | 0.4 % (-0.2 % to 1.2 %)  |')
  expect(lines.at(-1)).toBe('CPU seconds per 1,000 texts, in that order: 1.500, 1.506, 1.520.')
})
