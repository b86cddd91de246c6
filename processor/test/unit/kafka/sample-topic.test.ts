import { expect, it } from 'vitest'
import { newestRanges } from '../../../src/kafka/sample-topic.ts'

it('shares the newest records out among the partitions that have any', () => {
  const logs = [
    { partition: 0, low: 0n, high: 100n },
    { partition: 1, low: 5n, high: 5n },
    { partition: 2, low: 7n, high: 9n },
  ]
  expect(newestRanges(logs, 10)).toEqual([
    { partition: 0, from: 95n, to: 100n },
    { partition: 2, from: 7n, to: 9n },
  ])
  expect(newestRanges([], 10)).toEqual([])
})
