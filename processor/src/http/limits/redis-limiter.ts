import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import type { Breaker } from '../../platform/breaker.ts'
import type { RedisClient } from '../../redis/redis-client.ts'
import { createMemoryLimiter, toAllowance, windowMs } from './memory-limiter.ts'
import { type RateLimiter, unlimited } from './rate-limits.ts'

export interface RedisLimiterOptions {
  readonly redis: RedisClient
  readonly breaker: Breaker
  /** Prefix of the keys: limiters share a Redis. */
  readonly name: string
  /** Points a minute; 0 limits nothing. */
  readonly limit: number
  /** Called for each decision made in this process because Redis did not answer. */
  readonly onFallback: () => void
}

/** Counts in Redis, for all replicas together; in this process while Redis is unreachable. */
export function createRedisLimiter({ redis, breaker, name, limit, onFallback }: RedisLimiterOptions): RateLimiter {
  if (limit === 0) return unlimited
  const own = createMemoryLimiter(limit)
  const shared = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: `valence:rate:${name}`,
    points: limit,
    duration: windowMs / 1_000,
    rejectIfRedisNotReady: true,
  })
  return {
    windowMs,
    async take(key, points) {
      try {
        return await breaker.run(() =>
          shared.consume(key, points).then(
            (result) => toAllowance(result, limit, true),
            (refusal: unknown) => {
              if (refusal instanceof RateLimiterRes) return toAllowance(refusal, limit, false)
              throw refusal
            },
          ),
        )
      } catch {
        onFallback()
        return own.take(key, points)
      }
    },
  }
}
