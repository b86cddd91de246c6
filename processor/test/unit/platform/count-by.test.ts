import { expect, test } from 'vitest'
import { countBy } from '../../../src/platform/count-by.ts'

test('counts the items of each key', () => {
  expect([...countBy(['a', 'bb', 'c'], (item) => item.length)]).toEqual([
    [1, 2],
    [2, 1],
  ])
  expect(countBy([], String).size).toBe(0)
})
