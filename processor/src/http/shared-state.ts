import { openBreaker } from '../observability/open-breaker.ts'
import type { OpeningContext } from '../observability/service-context.ts'
import { redisAddress } from '../redis/redis-address.ts'
import { connectRedis } from '../redis/redis-client.ts'
import { createRevocations, type Revocations } from './auth/revocations.ts'
import { createMemoryLimiter } from './limits/memory-limiter.ts'
import type { RateLimiter } from './limits/rate-limits.ts'
import { createRedisLimiter } from './limits/redis-limiter.ts'
import { createSharedAnswers, type SharedAnswers } from './shared-answers.ts'
import { answerTtlMs } from './text-intake.ts'

/** A look-up that takes longer is given up, and the request goes on without Redis. */
const redisTimeoutMs = 50

export interface SharedState {
  readonly limiters: { readonly address: RateLimiter; readonly subject: RateLimiter }
  /** Undefined without Redis: revocations need a store that all replicas share. */
  readonly revocations: Revocations | undefined
  /** Undefined without Redis: each replica then keeps its own answers. */
  readonly answers: SharedAnswers | undefined
}

/** Rate limits, revocations and answers that all replicas share: in Redis where configured, else in this process. */
export function openSharedState(base: OpeningContext): SharedState {
  const { config, metrics, closers } = base
  const { httpRateLimitRequests, httpRateLimitTexts } = config
  const address = redisAddress(config)
  if (address === undefined) {
    const limiters = {
      address: createMemoryLimiter(httpRateLimitRequests),
      subject: createMemoryLimiter(httpRateLimitTexts),
    }
    return { limiters, revocations: undefined, answers: undefined }
  }
  const redis = connectRedis(address)
  closers.defer(() => redis.disconnect())
  const breaker = openBreaker(base, 'redis', redisTimeoutMs)
  const onFallback = () => metrics.http.limiterFallbacks.inc()
  const limiter = (name: string, limit: number) => createRedisLimiter({ redis, breaker, name, limit, onFallback })
  return {
    limiters: {
      address: limiter('address', httpRateLimitRequests),
      subject: limiter('subject', httpRateLimitTexts),
    },
    revocations: createRevocations({ redis, breaker, onUnchecked: () => metrics.http.revocationsUnchecked.inc() }),
    answers: createSharedAnswers({
      redis,
      breaker,
      ttlMs: answerTtlMs,
      onFallback: () => metrics.http.idempotencyFallbacks.inc(),
    }),
  }
}
