import { Redis } from 'ioredis'
import type { RedisTls } from './redis-tls.ts'

/** A connection whose commands fail at once while Redis is away; it connects in the background and keeps trying. */
export function connectRedis(url: string, tls: RedisTls = {}): Redis {
  const redis = new Redis(url, {
    ...tls,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: true,
    connectTimeout: 2_000,
    retryStrategy: (attempt) => Math.min(100 * 2 ** attempt, 2_000),
  })
  // Reported call by call; without a listener the first one would end the process.
  redis.on('error', () => undefined)
  return redis
}

export type { Redis } from 'ioredis'
