import { expect, test } from 'vitest'
import { packTokens } from '../../../src/inference/token-batch.ts'

const rows = [Int32Array.of(1, 2, 3), Int32Array.of(4)]

test('rows are laid out one after the other, padded to the longest', () => {
  const batch = packTokens(rows, 9)
  expect(batch).toEqual({ ids: Int32Array.of(1, 2, 3, 4, 9, 9), lengths: Int32Array.of(3, 1), rows: 2, width: 3 })
})

test('the width can be rounded up, so that few shapes occur', () => {
  expect(packTokens(rows, 0, 8).width).toBe(8)
  expect(packTokens([Int32Array.from({ length: 8 }, () => 1)], 0, 8).width).toBe(8)
  expect(packTokens([Int32Array.from({ length: 9 }, () => 1)], 0, 8).width).toBe(16)
})

test('the rows themselves are left alone', () => {
  packTokens(rows, 0).ids.fill(7)
  expect(rows[0]).toEqual(Int32Array.of(1, 2, 3))
})
