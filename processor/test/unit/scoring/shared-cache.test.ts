import { expect, test } from 'vitest'
import { createSharedCache, decodeScore, encodeScore } from '../../../src/scoring/shared-cache.ts'

const score = { probabilities: [0.1, 0.2, 1 - 0.1 - 0.2], tokens: 70_000, truncated: true }

test('a score survives the bytes to the last bit', () => {
  expect(decodeScore(encodeScore(score))).toEqual(score)
  expect(decodeScore(encodeScore({ ...score, truncated: false }))).toEqual({ ...score, truncated: false })
})

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a header alone', Buffer.from([1, 0, 0, 0, 0, 0])],
  ['another format', Buffer.concat([Buffer.from([2]), encodeScore(score).subarray(1)])],
  ['bytes that were cut', encodeScore(score).subarray(0, 20)],
  ['what is no probability', encodeScore({ ...score, probabilities: [2, Number.NaN] })],
  ['what somebody else wrote', Buffer.from('{"label":"positive"}..........')],
])('%s is a miss', (_, bytes) => {
  expect(decodeScore(bytes)).toBeUndefined()
})

test('the store is not asked for nothing', async () => {
  const fail = () => {
    throw new Error('must not be asked')
  }
  const cache = createSharedCache({ getMany: fail, setMany: fail, close: async () => undefined })
  expect(await cache.getMany([])).toEqual([])
  cache.setMany([])
})
