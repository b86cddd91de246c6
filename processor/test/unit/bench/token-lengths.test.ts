import { expect, it } from 'vitest'
import { tokenLengths } from '../../../bench/token-lengths.ts'

it('counts every text once, in steps as far as the longest', () => {
  expect(tokenLengths([1, 8, 9, 16, 40])).toEqual([
    { upTo: 8, texts: 2 },
    { upTo: 16, texts: 2 },
    { upTo: 32, texts: 0 },
    { upTo: 64, texts: 1 },
  ])
  expect(tokenLengths([])).toEqual([])
})
