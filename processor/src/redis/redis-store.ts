import type { Breaker } from '../platform/breaker.ts'
import type { RedisAddress } from './redis-address.ts'
import { connectRedis, type RedisClient } from './redis-client.ts'

export interface RedisStoreOptions {
  readonly place: RedisAddress
  /** Keys expire after this long without being written. */
  readonly ttlMs: number
  /** Its timeout is the longest time a caller waits for Redis; while it is open Redis is left alone. */
  readonly breaker: Breaker
  /** Called for each call that failed and was treated as a miss. */
  onError?(error: Error): void
}

/** Bytes by key. Redis being slow or away is a miss and never an error. */
export interface RedisStore {
  getMany(keys: readonly string[]): Promise<readonly (Buffer | undefined)[]>
  setMany(entries: readonly (readonly [key: string, value: Buffer])[]): void
  close(): Promise<void>
}

const keyPrefix = 'valence:score:'
/** Writes that may be on their way; beyond it they are dropped, so that a hanging Redis holds no memory. */
const mostWrites = 1_000

/** The keys of one command must lie on one node of a cluster; there each is asked for by itself, in one round trip a node. */
function readMany(redis: RedisClient, keys: readonly string[]): Promise<readonly (Buffer | null)[]> {
  if (!redis.isCluster) return redis.mgetBuffer(...keys)
  return Promise.all(keys.map((key) => redis.getBuffer(key)))
}

/** A store in Redis; connects in the background and keeps trying. */
export function createRedisStore(options: RedisStoreOptions): RedisStore {
  const { place, ttlMs, breaker, onError } = options
  const redis = connectRedis(place, { keyPrefix, readReplicas: place.topology === 'cluster' })
  // A score never changes, so that a replica that is behind only misses some.
  const replica = place.topology === 'sentinel' ? connectRedis(place, { keyPrefix, readReplicas: true }) : redis
  const reader = () => (replica.status === 'ready' ? replica : redis)
  let writes = 0

  function report(error: unknown): void {
    onError?.(error instanceof Error ? error : new Error(String(error)))
  }

  async function write(entries: readonly (readonly [string, Buffer])[]): Promise<void> {
    await Promise.all(entries.map(([key, value]) => redis.set(key, value, 'PX', ttlMs)))
  }

  return {
    async getMany(keys) {
      try {
        const values = await breaker.run(() => readMany(reader(), keys))
        return values.map((value) => value ?? undefined)
      } catch (error) {
        report(error)
        return keys.map(() => undefined)
      }
    },
    setMany(entries) {
      if (breaker.state !== 'closed' || redis.status !== 'ready' || writes + entries.length > mostWrites) return
      writes += entries.length
      write(entries)
        .catch(report)
        .finally(() => {
          writes -= entries.length
        })
    },
    async close() {
      // Waits for nothing: what was not written yet is only a cache.
      redis.disconnect()
      if (replica !== redis) replica.disconnect()
    },
  }
}
