import { describe, expect, it } from 'vitest'
import { effectiveReplicas, snapReplicas, usefulCounts } from '../../../src/scaling/replica-counts.ts'

describe('usefulCounts', () => {
  it.each([
    [1, [1]],
    [3, [1, 2, 3]],
    [12, [1, 2, 3, 4, 6, 12]],
    [64, [1, 2, 3, 4, 5, 6, 7, 8, 11, 13, 16, 22, 32, 64]],
  ])('of %i partitions', (partitions, counts) => {
    expect(usefulCounts(partitions)).toEqual(counts)
  })

  it('are further apart than what the autoscaler of Kubernetes ignores', () => {
    for (const partitions of [3, 7, 12, 100, 512, 1_000]) {
      const counts = usefulCounts(partitions)
      const near = counts.filter((count, index) => index > 0 && count / (counts[index - 1] ?? 1) < 1.1)
      expect(near, String(partitions)).toEqual([])
    }
  })
})

describe('effectiveReplicas', () => {
  it.each([
    [6, 12, 6],
    // Five of the seven have two partitions each, so all go at the pace of six.
    [7, 12, 6],
    [11, 12, 6],
    [12, 12, 12],
    [20, 12, 12],
    [0, 12, 0],
    [3, 0, 0],
  ])('%i replicas on %i partitions do the work of %i', (replicas, partitions, work) => {
    expect(effectiveReplicas(replicas, partitions)).toBe(work)
  })
})

describe('snapReplicas', () => {
  it.each([
    ['what it needs', 3.2, 12, 1, 12, 4],
    ['past counts that do no more', 4.1, 12, 1, 12, 6],
    ['never more than partitions', 40, 12, 1, 100, 12],
    ['never more than allowed', 40, 12, 1, 5, 5],
    ['never less than asked for', 0.1, 12, 2, 12, 2],
    ['none where none is allowed and nothing is to be done', 0, 12, 0, 12, 0],
    ['one for anything at all', 0.001, 12, 0, 12, 1],
  ])('%s', (_, needed, partitions, min, max, count) => {
    expect(snapReplicas(needed, partitions, min, max)).toBe(count)
  })
})
