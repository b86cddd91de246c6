import { describe, expect, it } from 'vitest'
import {
  assumptions,
  cpuPerMillion,
  dollarsPerMillion,
  type Measured,
  sizeFor,
} from '../../../../bench/sizing/sizing.ts'

const measured: Measured = {
  date: '2026-01-01T00:00:00Z',
  machine: { cpu: 'a CPU', cores: 2 },
  tokensPerText: 25,
  processor: { textsPerSecond: 1_000, cpuPerThousand: 1.8 },
}

describe('sizing', () => {
  it('makes a price of CPU seconds', () => {
    expect(cpuPerMillion(measured)).toBe(1_800)
    expect(dollarsPerMillion(measured)).toBeCloseTo(0.5 * assumptions.dollarsPerCoreHour, 9)
  })

  it('gives a small load the smallest topic and one processor', () => {
    expect(sizeFor(100, measured)).toMatchObject({ groups: 1, partitions: 6, replicas: 1, cores: 2 })
  })

  it('leaves room in partitions, and takes only counts that share them evenly', () => {
    const { partitions, replicas, groups } = sizeFor(10_000, measured)
    const needed = 10_000 / (1_000 * assumptions.utilisation)
    expect(groups).toBe(1)
    expect(partitions).toBeGreaterThanOrEqual(needed * assumptions.headroom)
    expect(partitions / Math.ceil(partitions / replicas)).toBeGreaterThanOrEqual(needed)
  })

  it('splits what one group cannot take', () => {
    const { groups, partitions } = sizeFor(1_000_000, measured)
    expect(groups).toBeGreaterThan(1)
    expect(partitions).toBeLessThanOrEqual(assumptions.maxPartitions)
  })

  it('never sizes for less than the rate', () => {
    for (let rate = 1; rate < 2_000_000; rate *= 1.7) {
      const { groups, partitions, replicas } = sizeFor(rate, measured)
      const work = groups * (partitions / Math.ceil(partitions / replicas)) * measured.processor.textsPerSecond
      expect(work * assumptions.utilisation).toBeGreaterThanOrEqual(rate * 0.999)
    }
  })
})
