import type { Breaker } from '../platform/breaker.ts'
import type { RedisAddress } from './redis-address.ts'
import { connectRedis, type RedisClient } from './redis-client.ts'

export interface RedisStoreOptions {
  readonly address: RedisAddress
  /** Keys expire after this long without being written. */
  readonly ttlMs: number
  /** Its timeout bounds each read. While it is open, Redis is neither read nor written. */
  readonly breaker: Breaker
  /** Called for each call that failed and was treated as a miss. */
  onError?(error: Error): void
}

/** Bytes by key. A slow or unreachable Redis counts as a miss, never as an error. */
export interface RedisStore {
  getMany(keys: readonly string[]): Promise<readonly (Buffer | undefined)[]>
  setMany(entries: readonly (readonly [key: string, value: Buffer])[]): void
  close(): Promise<void>
}

const keyPrefix = 'valence:score:'
/** Maximum entries being written; more are dropped, which bounds memory while Redis hangs. */
const maxPendingWrites = 1_000

/** One MGET. In a cluster, one GET per key, since keys of one command must share a slot; pipelined into one round trip per node. */
function readMany(redis: RedisClient, keys: readonly string[]): Promise<readonly (Buffer | null)[]> {
  if (!redis.isCluster) return redis.mgetBuffer(...keys)
  return Promise.all(keys.map((key) => redis.getBuffer(key)))
}

/** A store in Redis; connects in the background and reconnects without limit. */
export function createRedisStore(options: RedisStoreOptions): RedisStore {
  const { address, ttlMs, breaker, onError } = options
  const redis = connectRedis(address, { keyPrefix, readReplicas: address.topology === 'cluster' })
  // Scores never change, so a replica that lags only causes misses.
  const replica = address.topology === 'sentinel' ? connectRedis(address, { keyPrefix, readReplicas: true }) : redis
  const reader = () => (replica.status === 'ready' ? replica : redis)
  let pendingWrites = 0

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
      if (breaker.state !== 'closed' || redis.status !== 'ready' || pendingWrites + entries.length > maxPendingWrites)
        return
      pendingWrites += entries.length
      write(entries)
        .catch(report)
        .finally(() => {
          pendingWrites -= entries.length
        })
    },
    async close() {
      // Pending writes are dropped: the store is only a cache.
      redis.disconnect()
      if (replica !== redis) replica.disconnect()
    },
  }
}
