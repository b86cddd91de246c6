import { describe, expect, it } from 'vitest'
import { Interval, mergeBuckets, quantile } from '../../../src/monitoring/interval.ts'
import { MetricSamples } from '../../../src/monitoring/metric-samples.ts'

const between = (before: string, now: string, seconds = 2) =>
  new Interval(new MetricSamples(before), new MetricSamples(now), seconds)

describe('an interval', () => {
  it('tells by how much a counter rose, and how fast', () => {
    const interval = between('n_total{a="x"} 5\nn_total{a="y"} 1', 'n_total{a="x"} 9\nn_total{a="y"} 1')
    expect(interval.increase('n_total')).toBe(4)
    expect(interval.perSecond('n_total', { a: 'x' })).toBe(2)
    expect(interval.perSecond('n_total', { a: 'y' })).toBe(0)
  })

  it('counts from zero where the process was started again', () => {
    expect(between('n_total 500', 'n_total 3').increase('n_total')).toBe(3)
  })

  it('gives the mean of what was observed meanwhile, and null where nothing was', () => {
    const interval = between('h_sum 10\nh_count 2', 'h_sum 40\nh_count 5')
    expect(interval.mean('h')).toBe(10)
    expect(interval.mean('g')).toBeNull()
  })

  it('counts the buckets of the interval alone, over all labels', () => {
    const before = 'h_bucket{le="1",r="a"} 4\nh_bucket{le="+Inf",r="a"} 4'
    const now =
      'h_bucket{le="1",r="a"} 5\nh_bucket{le="+Inf",r="a"} 7\nh_bucket{le="1",r="b"} 1\nh_bucket{le="+Inf",r="b"} 1'
    expect([...between(before, now).buckets('h')]).toEqual([
      [1, 2],
      [Number.POSITIVE_INFINITY, 4],
    ])
  })

  it('takes the buckets of a process that was started again as they are', () => {
    const [before, now] = ['h_bucket{le="1"} 9\nh_bucket{le="+Inf"} 9', 'h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 9']
    expect([...between(before, now).buckets('h').values()]).toEqual([2, 9])
  })
})

describe('a quantile', () => {
  const buckets = new Map([
    [1, 50],
    [2, 90],
    [Number.POSITIVE_INFINITY, 100],
  ])

  it.each([
    [0.25, 0.5],
    [0.5, 1],
    [0.7, 1.5],
    // Beyond the last finite bound nothing is known but the bound.
    [0.99, 2],
  ])('of %d is %d', (share, value) => {
    expect(quantile(share, buckets)).toBeCloseTo(value)
  })

  it('is not known where nothing was observed', () => {
    expect(quantile(0.5, new Map())).toBeNull()
    expect(quantile(0.5, new Map([[1, 0]]))).toBeNull()
  })

  it('of several processes is that of all their observations', () => {
    const slow = new Map([
      [1, 0],
      [2, 10],
    ])
    const fast = new Map([
      [1, 30],
      [2, 30],
    ])
    expect(quantile(0.5, mergeBuckets([slow, fast]))).toBeCloseTo(2 / 3)
    expect(quantile(0.5, mergeBuckets([]))).toBeNull()
  })
})
