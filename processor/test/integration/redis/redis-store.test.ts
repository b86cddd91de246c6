import { randomUUID } from 'node:crypto'
import { createTcpProxy, type TcpProxy } from '@valence/testing/kafka/tcp-proxy'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { type Breaker, type BreakerOptions, createBreaker } from '../../../src/platform/breaker.ts'
import { createRedisStore, type RedisStore, type RedisStoreOptions } from '../../../src/redis/redis-store.ts'

const bytes = Buffer.from([0, 1, 255, 254])
let proxy: TcpProxy
let errors: Error[]
const stores: RedisStore[] = []

beforeEach(async () => {
  const { hostname, port } = new URL(inject('stack').redisUrl)
  proxy = await createTcpProxy({ host: hostname, port: Number(port) })
  errors = []
})
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()))
  await proxy.close()
})

let breaker: Breaker

type Settings = { url?: string } & Partial<
  Pick<RedisStoreOptions, 'ttlMs'> & Pick<BreakerOptions, 'timeoutMs' | 'breakAfter'>
>

function open({ url, ttlMs = 60_000, timeoutMs = 20, ...breaking }: Settings = {}): RedisStore {
  breaker = createBreaker({ part: 'redis-cache', timeoutMs, breakMs: 300, ...breaking })
  const store = createRedisStore({
    address: { url: url ?? `redis://127.0.0.1:${proxy.port}` },
    ttlMs,
    breaker,
    onError: (error) => errors.push(error),
  })
  stores.push(store)
  return store
}

/** Writes until it can be read: the store connects in the background. */
async function keep(store: RedisStore, key: string): Promise<void> {
  await expect
    .poll(async () => {
      store.setMany([[key, bytes]])
      return (await store.getMany([key]))[0]
    })
    .toEqual(bytes)
}

async function timed<T>(action: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const start = performance.now()
  const result = await action()
  return { result, ms: performance.now() - start }
}

test('bytes are kept as they are, under a prefix, and expire', async () => {
  const key = randomUUID()
  await keep(open({ ttlMs: 5_000 }), key)
  const redis = new Redis(inject('stack').redisUrl)
  expect(await redis.getBuffer(`valence:score:${key}`)).toEqual(bytes)
  const ttlMs = await redis.pttl(`valence:score:${key}`)
  expect(ttlMs).toBeGreaterThan(0)
  expect(ttlMs).toBeLessThanOrEqual(5_000)
  await redis.quit()
})

describe('a Redis that hangs', () => {
  test('is a miss after the wait, and after some misses costs nothing at all', async () => {
    const store = open({ timeoutMs: 50, breakAfter: 3 })
    const key = randomUUID()
    await keep(store, key)
    errors.length = 0
    proxy.stall()
    for (let i = 0; i < 3; i++) {
      const { result, ms } = await timed(() => store.getMany([key]))
      expect(result).toEqual([undefined])
      expect(ms).toBeGreaterThan(40)
    }
    expect(breaker.state).toBe('open')
    const { ms } = await timed(async () => {
      for (let i = 0; i < 1_000; i++) await store.getMany([key])
    })
    expect(ms).toBeLessThan(500)
    expect(errors.length).toBe(1_003)
  })

  test('is used again once it answers', async () => {
    const store = open({ timeoutMs: 50, breakAfter: 2 })
    const key = randomUUID()
    await keep(store, key)
    proxy.stall()
    for (let i = 0; i < 2; i++) await store.getMany([key])
    expect(breaker.state).toBe('open')
    proxy.resume()
    await expect.poll(() => store.getMany([key])).toEqual([bytes])
    expect(breaker.state).toBe('closed')
  })

  test('holds only so many writes', async () => {
    const store = open({ timeoutMs: 5_000 })
    await keep(store, randomUUID())
    proxy.stall()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < 20_000; i++) store.setMany([[`${randomUUID()}`, Buffer.alloc(1_000)]])
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000)
    proxy.resume()
  })
})

describe('a Redis that is away', () => {
  test('is a miss at once, from the start', async () => {
    const store = open({ url: 'redis://127.0.0.1:1' })
    store.setMany([['key', bytes]])
    const { result, ms } = await timed(() => store.getMany(['a', 'b']))
    expect(result).toEqual([undefined, undefined])
    expect(ms).toBeLessThan(200)
    expect(errors.length).toBeGreaterThan(0)
  })

  test('is a miss at once when it dies, and is found again when it is back', async () => {
    const store = open()
    const key = randomUUID()
    await keep(store, key)
    proxy.cut()
    await expect.poll(async () => (await timed(() => store.getMany([key]))).result).toEqual([undefined])
    const { ms } = await timed(async () => {
      for (let i = 0; i < 100; i++) await store.getMany([key])
    })
    expect(ms).toBeLessThan(500)
    proxy.resume()
    await expect.poll(() => store.getMany([key]), { timeout: 10_000 }).toEqual([bytes])
  })
})

test('a key that holds something else is a miss', async () => {
  const key = randomUUID()
  const redis = new Redis(inject('stack').redisUrl)
  await redis.lpush(`valence:score:${key}`, 'a list is no bytes')
  const store = open()
  await keep(store, randomUUID())
  expect(await store.getMany([key])).toEqual([undefined])
  await redis.quit()
})
