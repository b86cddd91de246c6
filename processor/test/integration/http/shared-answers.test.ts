import { randomUUID } from 'node:crypto'
import { ValenceError } from '@valence/schemas'
import { createTcpProxy, type TcpProxy } from '@valence/testing/kafka/tcp-proxy'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import type { AcceptedText } from '../../../src/http/accepted-text.ts'
import { createSharedAnswers, type SharedAnswersOptions } from '../../../src/http/shared-answers.ts'
import { createBreaker } from '../../../src/platform/breaker.ts'
import { connectRedis, type RedisClient } from '../../../src/redis/redis-client.ts'

let proxy: TcpProxy
let connections: RedisClient[]
let produced: string[]
let fallbacks: number
let key: string

beforeEach(async () => {
  const { hostname, port } = new URL(inject('stack').redisUrl)
  proxy = await createTcpProxy({ host: hostname, port: Number(port) })
  connections = []
  produced = []
  fallbacks = 0
  key = randomUUID()
})
afterEach(async () => {
  for (const redis of connections) redis.disconnect()
  await proxy.close()
})

/** A replica of its own, connected. */
async function replica(options: Partial<SharedAnswersOptions> = {}) {
  const redis = connectRedis({ url: `redis://127.0.0.1:${proxy.port}` })
  connections.push(redis)
  await expect.poll(() => redis.status).toBe('ready')
  const breaker = createBreaker({ part: 'redis', timeoutMs: 2_000, breakMs: 50 })
  return createSharedAnswers({
    redis,
    breaker,
    ttlMs: 60_000,
    lookEveryMs: 5,
    onFallback: () => fallbacks++,
    ...options,
  })
}

/** Produces under a name; `hold` is waited for before it is done. */
const produce = (name: string, hold?: Promise<unknown>) => async (): Promise<AcceptedText> => {
  produced.push(name)
  await hold
  return { id: name, topic: 't', partition: 0, offset: '0' }
}

describe('replicas that share answers', () => {
  it('give the answer that one of them gave', async () => {
    const [first, second] = [await replica(), await replica()]
    const answer = await first.once(key, 'digest', produce('first'))
    expect(await second.once(key, 'digest', produce('second'))).toEqual(answer)
    expect(produced).toEqual(['first'])
  })

  it('wait for the one that is about to answer', async () => {
    const [first, second] = [await replica(), await replica()]
    const hold = Promise.withResolvers<void>()
    const answers = [first.once(key, 'digest', produce('first', hold.promise))]
    await expect.poll(() => produced).toEqual(['first'])
    answers.push(second.once(key, 'digest', produce('second')))
    hold.resolve()
    const [one, other] = await Promise.all(answers)
    expect(other).toEqual(one)
    expect(produced).toEqual(['first'])
  })

  it('refuse the key for another request, before and after it was answered', async () => {
    const [first, second] = [await replica(), await replica()]
    const hold = Promise.withResolvers<void>()
    const answer = first.once(key, 'digest', produce('first', hold.promise))
    await expect.poll(() => produced).toEqual(['first'])
    const reused = { code: 'VAL_IDEMPOTENCY_KEY_REUSED' }
    await expect(second.once(key, 'other', produce('second'))).rejects.toMatchObject(reused)
    hold.resolve()
    await answer
    await expect(second.once(key, 'other', produce('second'))).rejects.toMatchObject(reused)
    expect(fallbacks).toBe(0)
  })

  it('let the next one try where one failed', async () => {
    const [first, second] = [await replica(), await replica()]
    const fail = () => Promise.reject(new ValenceError('VAL_INTAKE_UNAVAILABLE'))
    await expect(first.once(key, 'digest', fail)).rejects.toMatchObject({ code: 'VAL_INTAKE_UNAVAILABLE' })
    expect(await second.once(key, 'digest', produce('second'))).toMatchObject({ id: 'second' })
  })

  it('take over a key whose replica died before it had the answer', async () => {
    const [first, second] = [await replica({ claimMs: 100 }), await replica()]
    void first.once(key, 'digest', produce('first', new Promise(() => undefined)))
    await expect.poll(() => produced).toEqual(['first'])
    expect(await second.once(key, 'digest', produce('second'))).toMatchObject({ id: 'second' })
  })

  it('give up with 503 on a replica that never answers', async () => {
    const [first, second] = [await replica(), await replica({ claimMs: 50 })]
    void first.once(key, 'digest', produce('first', new Promise(() => undefined)))
    await expect.poll(() => produced).toEqual(['first'])
    await expect(second.once(key, 'digest', produce('second'))).rejects.toMatchObject({
      code: 'VAL_INTAKE_UNAVAILABLE',
    })
  })
})

describe('Redis away', () => {
  it('lets each replica answer for itself, and counts it', async () => {
    const [first, second] = [await replica(), await replica()]
    proxy.cut()
    expect(await first.once(key, 'digest', produce('first'))).toMatchObject({ id: 'first' })
    expect(await second.once(key, 'digest', produce('second'))).toMatchObject({ id: 'second' })
    expect(fallbacks).toBeGreaterThanOrEqual(2)
  })

  it('costs no answer when it goes between claim and answer, and none waits when it is back', async () => {
    const [first, second] = [await replica({ claimMs: 200 }), await replica()]
    const hold = Promise.withResolvers<void>()
    const answer = first.once(key, 'digest', produce('first', hold.promise))
    await expect.poll(() => produced).toEqual(['first'])
    proxy.cut()
    hold.resolve()
    expect(await answer).toMatchObject({ id: 'first' })
    expect(fallbacks).toBe(1)
    proxy.resume()
    await expect.poll(() => connections[1]?.status).toBe('ready')
    expect(await second.once(key, 'digest', produce('second'))).toMatchObject({ id: 'second' })
  })
})
