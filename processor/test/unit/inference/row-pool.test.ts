import { expect, test } from 'vitest'
import { RowPool } from '../../../src/inference/row-pool.ts'

test('cuts rows that share nothing, whatever their lengths', () => {
  const pool = new RowPool()
  const rows = Array.from({ length: 2_000 }, (_, index) => pool.cut(1 + ((index * 37) % 700)))
  rows.forEach((row, index) => {
    expect(row.length).toBe(1 + ((index * 37) % 700))
    expect(row.every((value) => value === 0)).toBe(true)
    row.fill(index)
  })
  expect(rows.every((row, index) => row.every((value) => value === index))).toBe(true)
})
