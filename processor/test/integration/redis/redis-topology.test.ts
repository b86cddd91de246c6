import { randomUUID } from 'node:crypto'
import { RedisGroup } from '@valence/testing/parts/redis-group'
import { Redis } from 'ioredis'
import { afterEach, expect, inject, onTestFinished, test } from 'vitest'
import { createRevocations } from '../../../src/http/auth/revocations.ts'
import { createBreaker } from '../../../src/platform/breaker.ts'
import type { RedisAddress } from '../../../src/redis/redis-address.ts'
import { connectRedis } from '../../../src/redis/redis-client.ts'
import { createRedisStore, type RedisStore } from '../../../src/redis/redis-store.ts'

const stores: RedisStore[] = []

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()))
})

async function openGroup(): Promise<RedisGroup> {
  const group = await RedisGroup.open(inject('stack').redisUrl)
  onTestFinished(() => group[Symbol.asyncDispose]())
  return group
}

const openBreaker = () => createBreaker({ part: 'redis-cache', timeoutMs: 1_000, breakMs: 200 })

function open(address: RedisAddress): RedisStore {
  const store = createRedisStore({ address, ttlMs: 60_000, breaker: openBreaker() })
  stores.push(store)
  return store
}

const entriesOf = (count: number) =>
  Array.from({ length: count }, () => [randomUUID(), Buffer.from(randomUUID())] as const)

/** Writes until all of it can be read: the store connects in the background, and replicas follow. */
async function keep(store: RedisStore, entries: ReturnType<typeof entriesOf>): Promise<void> {
  const values = entries.map(([, value]) => value)
  const keys = entries.map(([key]) => key)
  await expect
    .poll(
      async () => {
        store.setMany(entries)
        return store.getMany(keys)
      },
      { timeout: 20_000 },
    )
    .toEqual(values)
}

async function commandCalls(port: number, command: string): Promise<number> {
  const redis = new Redis(port, '127.0.0.1')
  const stats = await redis.info('commandstats')
  redis.disconnect()
  return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0)
}

test('Sentinel: scores are written to the primary and read on the replica, and a fallen primary is followed', async () => {
  const group = await openGroup()
  const [primary, replica, sentinel] = await group.sentinel('scores')
  // The first sentinel is away: the next one is asked.
  const address: RedisAddress = {
    url: 'redis://127.0.0.1:1',
    topology: 'sentinel',
    otherNodes: [{ host: '127.0.0.1', port: sentinel }],
    sentinelName: 'scores',
  }
  const store = open(address)
  const entries = entriesOf(3)
  await keep(store, entries)
  // A sentinel hears of a replica some seconds after its start, if it asked the primary too early.
  await expect
    .poll(
      async () => {
        await keep(store, entries)
        return commandCalls(replica, 'mget')
      },
      { timeout: 30_000, interval: 200 },
    )
    .toBeGreaterThan(0)
  expect(await commandCalls(primary, 'set')).toBeGreaterThanOrEqual(3)

  await group.kill(primary)
  const later = entriesOf(3)
  await keep(store, later)
  expect(await store.getMany(entries.map(([key]) => key))).toEqual(entries.map(([, value]) => value))
}, 60_000)

test('Cluster: keys of any slots are kept in one call, and read on replicas', async () => {
  const group = await openGroup()
  const [first = 0, second = 0, ...replicas] = await group.cluster()
  const address: RedisAddress = {
    url: 'redis://127.0.0.1:1',
    topology: 'cluster',
    otherNodes: [{ host: '127.0.0.1', port: first }],
  }
  const store = open(address)
  await keep(store, entriesOf(64))
  const before = await Promise.all(replicas.map((port) => commandCalls(port, 'get')))
  await keep(store, entriesOf(64))
  const after = await Promise.all(replicas.map((port) => commandCalls(port, 'get')))
  for (const [index, calls] of after.entries()) expect(calls).toBeGreaterThan(before[index] as number)
  for (const port of [first, second]) expect(await commandCalls(port, 'set')).toBeGreaterThan(10)

  const redis = connectRedis(address)
  onTestFinished(() => redis.disconnect())
  await expect.poll(() => redis.status).toBe('ready')
  const revocations = createRevocations({ redis, breaker: openBreaker(), onUnchecked: () => expect.unreachable() })
  await revocations.revoke({ tokenId: 'token-1' }, 60_000)
  // Of the subject and of the token: two keys, on two nodes as likely as not.
  expect(await revocations.isRevoked({ subject: 'somebody', scopes: new Set(), tokenId: 'token-1', issuedAt: 0 })).toBe(
    true,
  )
  expect(await revocations.isRevoked({ subject: 'somebody', scopes: new Set(), tokenId: 'token-2', issuedAt: 0 })).toBe(
    false,
  )
}, 60_000)
