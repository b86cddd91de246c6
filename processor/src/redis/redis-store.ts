import { Redis } from 'ioredis'
import type { Breaker } from '../resilience/breaker.ts'
import type { RedisTls } from './redis-tls.ts'

export interface RedisStoreOptions {
  readonly url: string
  readonly tls?: RedisTls
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

function connect(url: string, tls: RedisTls = {}): Redis {
  const redis = new Redis(url, {
    ...tls,
    keyPrefix,
    // A dead Redis must cost nothing: commands fail at once while it is away instead of queueing up.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: true,
    connectTimeout: 2_000,
    retryStrategy: (attempt) => Math.min(100 * 2 ** attempt, 5_000),
  })
  // Reported call by call; without a listener the first one would end the process.
  redis.on('error', () => undefined)
  return redis
}

/** A store in Redis; connects in the background and keeps trying. */
export function createRedisStore(options: RedisStoreOptions): RedisStore {
  const { url, ttlMs, breaker, onError } = options
  const redis = connect(url, options.tls)
  let writes = 0

  function report(error: unknown): void {
    onError?.(error instanceof Error ? error : new Error(String(error)))
  }

  async function write(entries: readonly (readonly [string, Buffer])[]): Promise<void> {
    const pipeline = redis.pipeline()
    for (const [key, value] of entries) pipeline.set(key, value, 'PX', ttlMs)
    const replies = await pipeline.exec()
    const failure = replies?.find(([error]) => error !== null)?.[0]
    if (failure) throw failure
  }

  return {
    async getMany(keys) {
      try {
        const values = await breaker.run(() => redis.mgetBuffer(...keys))
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
    },
  }
}
