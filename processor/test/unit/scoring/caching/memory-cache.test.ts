import { expect, test } from 'vitest'
import { MemoryCache } from '../../../../src/scoring/caching/memory-cache.ts'

const score = { probabilities: [0.2, 0.3, 0.5], tokens: 5, truncated: false }

test('the bytes held never exceed the bound, and the least recently used go first', () => {
  const cache = new MemoryCache(10_000)
  for (let i = 0; i < 20; i++) cache.set(`key ${i}`, score)
  const fit = Math.floor(10_000 / (cache.bytes / 20))
  for (let i = 20; i < 1_000; i++) {
    cache.set(`key ${i}`, score)
    cache.get('key 0')
    expect(cache.bytes).toBeLessThanOrEqual(10_000)
  }
  expect(cache.get('key 0')).toBe(score)
  expect(cache.get('key 1')).toBeUndefined()
  expect(cache.get('key 999')).toBe(score)
  expect(fit).toBeGreaterThan(20)
})

test('what an entry is taken to cost is near what it does cost', () => {
  globalThis.gc?.()
  const count = 50_000
  const cache = new MemoryCache(1e9)
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < count; i++) {
    cache.set(`0123456789abcdef:${String(i).padStart(43, 'x')}`, { ...score, probabilities: [i, 0.3, 0.5] })
  }
  const measured = (process.memoryUsage().heapUsed - before) / count
  const claimed = cache.bytes / count
  expect(claimed / measured).toBeGreaterThan(0.5)
  expect(claimed / measured).toBeLessThan(2)
})
