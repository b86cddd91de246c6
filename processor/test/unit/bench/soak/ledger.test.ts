import { expect, it } from 'vitest'
import { Tally } from '../../../../bench/soak/ledger.ts'

it('counts what is lost, doubled, and nobody sent', () => {
  const tally = new Tally(4)
  for (const index of [0, 1, 1, 7, Number.NaN]) tally.add(index)
  expect({ lost: tally.lost, doubled: tally.doubled, foreign: tally.foreign }).toEqual({
    lost: 2,
    doubled: 1,
    foreign: 2,
  })
})

it('does not wrap around', () => {
  const tally = new Tally(1)
  for (let times = 0; times < 256; times += 1) tally.add(0)
  expect(tally.doubled).toBe(1)
})
