import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible'
import type { Allowance, RateLimiter } from './rate-limits.ts'
import { unlimited } from './rate-limits.ts'

export const windowMs = 60_000

/** The library's result, resolved or rejected alike. */
export function toAllowance(result: RateLimiterRes, limit: number, isGranted: boolean): Allowance {
  return { isGranted, limit, remaining: result.remainingPoints, resetMs: result.msBeforeNext }
}

/** Counts in this process. @param limit points a minute; 0 limits nothing */
export function createMemoryLimiter(limit: number): RateLimiter {
  if (limit === 0) return unlimited
  const limiter = new RateLimiterMemory({ points: limit, duration: windowMs / 1_000 })
  return {
    windowMs,
    take: (key, points) =>
      limiter.consume(key, points).then(
        (result) => toAllowance(result, limit, true),
        (refusal: RateLimiterRes) => toAllowance(refusal, limit, false),
      ),
  }
}
