import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createBreaker } from '../../../src/platform/breaker.ts'
import { createRedisStore } from '../../../src/redis/redis-store.ts'
import { MemoryCache } from '../../../src/scoring/caching/memory-cache.ts'
import type { ScoreCache } from '../../../src/scoring/caching/score-cache.ts'
import { createSharedCache } from '../../../src/scoring/caching/shared-cache.ts'
import type { TextScore } from '../../../src/scoring/text-score.ts'

const caches: [string, () => ScoreCache][] = [
  ['the cache in memory', () => new MemoryCache(1_000_000)],
  [
    'the cache in Redis',
    // Redis may take its time on a busy machine; what the wait is for is tested elsewhere.
    () => {
      const breaker = createBreaker({ part: 'redis-cache', timeoutMs: 2_000 })
      return createSharedCache(createRedisStore({ address: { url: inject('stack').redisUrl }, ttlMs: 60_000, breaker }))
    },
  ],
]

const score = (tokens: number): TextScore => ({
  probabilities: [1 / 3, 2 / 3 - 0.1, 0.1],
  tokens,
  truncated: tokens % 2 === 0,
})

describe.each(caches)('%s', (_, open) => {
  let cache: ScoreCache
  beforeAll(() => {
    cache = open()
  })
  afterAll(() => cache.close())

  /** Writes until the scores can be read: a cache may be slow to connect and owes nobody a write. */
  async function keep(entries: readonly (readonly [string, TextScore])[]): Promise<void> {
    const keys = entries.map(([key]) => key)
    await expect
      .poll(async () => {
        cache.setMany(entries)
        return (await cache.getMany(keys)).filter((found) => found !== undefined).length
      })
      .toBe(entries.length)
  }

  test('gives back what was kept, equal to the last bit, in the order of the keys', async () => {
    const [a, b, missing] = [randomUUID(), randomUUID(), randomUUID()]
    await keep([
      [a, score(1)],
      [b, score(2)],
    ])
    expect(await cache.getMany([b, missing, a, b])).toEqual([score(2), undefined, score(1), score(2)])
  })

  test('gives what was kept last', async () => {
    const key = randomUUID()
    await keep([[key, score(1)]])
    cache.setMany([[key, score(2)]])
    await expect.poll(() => cache.getMany([key])).toEqual([score(2)])
  })

  test('takes nothing for an answer', async () => {
    cache.setMany([])
    expect(await cache.getMany([])).toEqual([])
  })

  test('takes many at once', async () => {
    const prefix = randomUUID()
    const entries = Array.from({ length: 500 }, (_, index) => [`${prefix} ${index}`, score(index)] as const)
    await keep(entries)
    const found = await cache.getMany(entries.map(([key]) => key))
    expect(found).toEqual(entries.map(([, value]) => value))
  })
})
