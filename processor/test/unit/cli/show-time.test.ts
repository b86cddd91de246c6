import { expect, it } from 'vitest'
import { showTime } from '../../../src/cli/show-time.ts'

it.each([
  [0, '1970-01-01T00:00:00.000Z'],
  [8.64e15, '+275760-09-13T00:00:00.000Z'],
  [8.64e15 + 1, '8640000000000001 ms'],
  [-8.64e15 - 1, '-8640000000000001 ms'],
  [2n ** 63n - 1n, '9223372036854775807 ms'],
  [-1n, '(no time)'],
  [0n, '1970-01-01T00:00:00.000Z'],
  [-1, '(no time)'],
])('%d is shown as %s', (epochMs, shown) => {
  expect(showTime(epochMs)).toBe(shown)
})
