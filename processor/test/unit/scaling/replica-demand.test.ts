import { describe, expect, it } from 'vitest'
import { demandFor, type PartitionLoad } from '../../../src/scaling/replica-demand.ts'

const load = (partition: number, arrivalsPerSecond: number, lag = 0): PartitionLoad => {
  return { topic: 't', partition, arrivalsPerSecond, lag }
}
const inTen = () => 10

describe('demandFor', () => {
  it('adds keeping up and draining', () => {
    expect(demandFor([load(0, 50, 100), load(1, 30, 200)], 100, inTen).replicas).toBeCloseTo(1.1)
  })

  it('leaves room where asked to', () => {
    expect(demandFor([load(0, 45)], 100, inTen, 0.9).replicas).toBeCloseTo(0.5)
  })

  it('counts a partition for one replica at most: more cannot read it', () => {
    expect(demandFor([load(0, 0, 1_000_000), load(1, 10)], 100, inTen).replicas).toBeCloseTo(1.1)
  })

  it('names the partition that no number of replicas helps', () => {
    const { hot } = demandFor([load(0, 250), load(1, 20), load(2, 20)], 100, inTen)
    expect(hot).toEqual([{ topic: 't', partition: 0, replicas: 2.5 }])
  })

  it('calls nobody hot when all are behind alike', () => {
    expect(demandFor([load(0, 250), load(1, 250), load(2, 250)], 100, inTen).hot).toEqual([])
  })

  it.each([
    ['less than three times what is usual', [110, 40, 40]],
    ['no more than one replica can do', [100, 10, 10]],
  ])('calls a partition not hot that asks for %s', (_, arrivals) => {
    const loads = arrivals.map((arrivalsPerSecond, partition) => load(partition, arrivalsPerSecond))
    expect(demandFor(loads, 100, inTen).hot).toEqual([])
  })

  it('knows an empty topic', () => {
    expect(demandFor([], 100, inTen)).toEqual({ replicas: 0, hot: [] })
  })
})
