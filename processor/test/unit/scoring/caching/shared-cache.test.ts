import { expect, test } from 'vitest'
import { createSharedCache, decodeScore, encodeScore } from '../../../../src/scoring/caching/shared-cache.ts'

const score = { probabilities: [0.1, 0.2, 1 - 0.1 - 0.2], tokens: 70_000, truncated: true }

test('a score survives the bytes to the last bit', () => {
  expect(decodeScore('k', encodeScore('k', score))).toEqual(score)
  expect(decodeScore('k', encodeScore('k', { ...score, truncated: false }))).toEqual({ ...score, truncated: false })
})

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a header alone', Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
  ['another format', Buffer.concat([Buffer.from([1]), encodeScore('k', score).subarray(1)])],
  ['bytes that were cut', encodeScore('k', score).subarray(0, 20)],
  ['what is no probability', encodeScore('k', { ...score, probabilities: [2, Number.NaN] })],
  ['the value of another key', encodeScore('j', score)],
  ['what somebody else wrote', Buffer.from('{"label":"positive"}..........')],
])('%s is a miss', (_, bytes) => {
  expect(decodeScore('k', bytes)).toBeUndefined()
})

test('a score with any one bit changed is a miss', () => {
  const bytes = encodeScore('k', score)
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const changed = Buffer.from(bytes)
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
    expect(decodeScore('k', changed)).toBeUndefined()
  }
})

test('the store is not asked for nothing', async () => {
  const fail = () => {
    throw new Error('must not be asked')
  }
  const cache = createSharedCache({ getMany: fail, setMany: fail, close: async () => undefined })
  expect(await cache.getMany([])).toEqual([])
  cache.setMany([])
})
