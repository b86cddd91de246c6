import { describe, expect, it } from 'vitest'
import type { PartitionFlow } from '../../../src/monitoring/drain-time.ts'
import { type Capacity, learnCapacity } from '../../../src/scaling/replica-capacity.ts'

function flow(owner: string | null, donePerSecond: number, lag: number): PartitionFlow {
  return {
    topic: 't',
    partition: 0,
    committed: 0n,
    end: BigInt(lag),
    lag: BigInt(lag),
    owner,
    arrivalsPerSecond: 0,
    donePerSecond,
    secondsToDrain: null,
  }
}

const known: Capacity = { known: 100, usual: 100 }

function learn(from: Capacity, flows: readonly PartitionFlow[], times: number): Capacity {
  return Array.from({ length: times }).reduce<Capacity>((capacity) => learnCapacity(capacity, flows, 5), from)
}

describe('learnCapacity', () => {
  it('learns from members that are behind, over all their partitions', () => {
    expect(learn(known, [flow('a', 150, 9_000), flow('a', 50, 0)], 30).known).toBeCloseTo(200, 0)
  })

  it('learns nothing from members that keep up', () => {
    expect(learn(known, [flow('a', 10, 5), flow('b', 500, 20)], 30)).toEqual(known)
  })

  it('takes a member for behind from three seconds of its work on', () => {
    expect(learn(known, [flow('a', 50, 150)], 1)).toEqual(known)
    expect(learn(known, [flow('a', 50, 151)], 1).known).toBe(85)
  })

  it('learns nothing from partitions that nobody reads, or members that have not begun', () => {
    expect(learn(known, [flow(null, 500, 90_000), flow('b', 0, 90_000)], 30)).toEqual(known)
  })

  it('is not led astray by one member that stands out', () => {
    const flows = [flow('a', 90, 9_000), flow('b', 100, 9_000), flow('c', 1, 9_000)]
    expect(learn(known, flows, 30).known).toBeCloseTo(90, 0)
  })

  it('forgets a slow hour, and takes a slow day for the usual', () => {
    const slow = [flow('a', 50, 9_000)]
    const afterMinute = learn(known, slow, 12)
    expect(afterMinute.known).toBeLessThan(52)
    expect(learn(afterMinute, [], 720 * 6).known).toBeGreaterThan(80)
    expect(learn(learn(known, slow, 500), [], 720 * 6).known).toBeLessThan(55)
  })
})
