import { expect, test } from 'vitest'
import { createRevocations } from '../../../../src/http/auth/revocations.ts'
import { createBreaker } from '../../../../src/platform/breaker.ts'
import type { RedisClient } from '../../../../src/redis/redis-client.ts'

const later = <T>(value: T) => new Promise<T>((resolve) => setTimeout(resolve, 300, value))

test('a Redis too slow for a look-up still takes a revocation, which holds in this process at once', async () => {
  let unchecked = 0
  const redis = { get: () => later(null), set: () => later('OK') } as unknown as RedisClient
  const breaker = createBreaker({ part: 'redis', timeoutMs: 50 })
  const revocations = createRevocations({ redis, breaker, onUnchecked: () => (unchecked += 1) })
  await revocations.revoke({ tokenId: 'a' }, 60_000)
  expect(await revocations.isRevoked({ subject: 's', tokenId: 'a', scopes: new Set() })).toBe(true)
  expect(unchecked).toBe(1)
})

test('a Redis that takes nothing is told to the caller', async () => {
  const redis = { set: () => Promise.reject(new Error('gone')) } as unknown as RedisClient
  const breaker = createBreaker({ part: 'redis', timeoutMs: 50 })
  const revocations = createRevocations({ redis, breaker, onUnchecked: () => undefined })
  await expect(revocations.revoke({ tokenId: 'a' }, 60_000)).rejects.toMatchObject({ code: 'VAL_REDIS_UNAVAILABLE' })
})
