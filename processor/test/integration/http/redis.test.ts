import { randomUUID } from 'node:crypto'
import { createTcpProxy, type TcpProxy } from '@valence/testing/kafka/tcp-proxy'
import { TokenIssuer } from '@valence/testing/parts/token-issuer'
import { type FacadeRun, runFacade } from '@valence/testing/processes/facade-run'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'

let proxy: TcpProxy
let issuer: TokenIssuer

beforeEach(async () => {
  const { hostname, port } = new URL(inject('stack').redisUrl)
  proxy = await createTcpProxy({ host: hostname, port: Number(port) })
  issuer = await TokenIssuer.start()
})
afterEach(async () => {
  await issuer[Symbol.asyncDispose]()
  await proxy.close()
})

const facade = (settings: Record<string, string> = {}) =>
  runFacade({ ...issuer.environment(), VALENCE_REDIS_URL: `redis://127.0.0.1:${proxy.port}`, ...settings })

/** Until Redis is asked: the facade connects in the background. */
const connected = (run: FacadeRun) =>
  expect
    .poll(async () => {
      const before = await run.metric('valence_http_revocations_unchecked_total')
      await run.score('warm up', await issuer.headers({ sub: randomUUID() }))
      return (await run.metric('valence_http_revocations_unchecked_total')) - before
    })
    .toBe(0)

describe('replicas with one Redis', () => {
  it('share the limit of a subject', async () => {
    const limits = { VALENCE_HTTP_RATE_LIMIT_TEXTS: '5', VALENCE_HTTP_RATE_LIMIT_REQUESTS: '0' }
    await using first = await facade(limits)
    await using second = await facade(limits)
    await connected(first)
    await connected(second)
    const headers = await issuer.headers({ sub: randomUUID() })
    const statuses = []
    for (let i = 0; i < 4; i++) {
      statuses.push((await first.score('a', headers)).status, (await second.score('a', headers)).status)
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429])
  })

  it('share revocations, of a token and of a subject', async () => {
    await using first = await facade()
    await using second = await facade()
    await connected(first)
    await connected(second)
    const [alice, bob, jti] = [randomUUID(), randomUUID(), randomUUID()]
    const admin = await issuer.headers({ sub: randomUUID(), scope: 'sentiment:admin' })
    const withId = await issuer.headers({ sub: alice, jti })
    const without = await issuer.headers({ sub: alice })
    const other = await issuer.headers({ sub: bob })
    expect((await first.post('/v1/revocations', { tokenId: jti }, withId)).status).toBe(403)
    expect((await first.post('/v1/revocations', { tokenId: jti }, admin)).status).toBe(204)
    const refused = await second.score('a', withId)
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([401, 'VAL_AUTH_REVOKED'])
    expect((await second.score('a', without)).status).toBe(200)
    expect((await first.post('/v1/revocations', { subject: alice, ttlMs: 60_000 }, admin)).status).toBe(204)
    expect((await second.score('a', without)).status).toBe(401)
    expect((await second.score('a', other)).status).toBe(200)
    expect((await first.post('/v1/revocations', { subject: alice, tokenId: jti }, admin)).status).toBe(422)
  })
})

describe('a Redis that dies under load and comes back', () => {
  it.each(['cut', 'stall'] as const)('%s: no score fails, limits and revocations go on', async (fault) => {
    await using run = await facade({ VALENCE_HTTP_RATE_LIMIT_TEXTS: '1000000', VALENCE_HTTP_RATE_LIMIT_REQUESTS: '0' })
    await connected(run)
    const [headers, revoked] = [await issuer.headers(), await issuer.headers({ sub: randomUUID(), jti: randomUUID() })]
    const admin = await issuer.headers({ scope: 'sentiment:admin' })
    const { jti } = JSON.parse(Buffer.from(revoked.authorization.split('.')[1] ?? '', 'base64url').toString())
    expect((await run.post('/v1/revocations', { tokenId: jti }, admin)).status).toBe(204)

    const statuses = new Map<number, number>()
    const load = { on: true }
    const work = Array.from({ length: 4 }, async (_, client) => {
      for (let i = 0; load.on; i++) {
        const { status } = await run.score(`text ${client} ${i}`, headers)
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    })
    await expect.poll(() => statuses.get(200) ?? 0).toBeGreaterThan(20)
    proxy[fault]()
    for (const part of ['redis', 'redis-cache']) {
      await expect.poll(() => run.metric('valence_breaker_state', `part="${part}"`), { timeout: 10_000 }).toBe(2)
    }
    expect(await run.readiness()).toMatchObject({
      status: 'ok',
      checks: { redis: 'degraded', 'redis-cache': 'degraded', engine: 'ok' },
    })
    expect((await run.score('a', revoked)).status).toBe(401)
    expect((await run.post('/v1/revocations', { subject: 'x' }, admin)).status).toBe(503)
    expect(await run.metric('valence_http_limiter_fallbacks_total')).toBeGreaterThan(0)
    proxy.resume()
    await expect.poll(() => run.metric('valence_breaker_state', 'part="redis"'), { timeout: 15_000 }).toBe(0)
    await expect
      .poll(async () => (await run.readiness()).checks, { timeout: 5_000 })
      .toMatchObject({ redis: 'ok', 'redis-cache': 'ok' })
    load.on = false
    await Promise.all(work)
    expect([...statuses.keys()]).toEqual([200])
  })
})

describe('an issuer that dies under load and comes back', () => {
  it('fails no score of a known key', async () => {
    const front = await createTcpProxy({ host: '127.0.0.1', port: issuer.port })
    await using run = await runFacade(issuer.environment(front.port))
    const headers = await issuer.headers()
    expect((await run.score('a', headers)).status).toBe(200)
    front.cut()
    for (let i = 0; i < 50; i++) expect((await run.score(`text ${i}`, headers)).status).toBe(200)
    expect((await run.readiness()).status).toBe('ok')
    await front.close()
  })

  it('is waited for with 503 where its keys were never seen', async () => {
    const front = await createTcpProxy({ host: '127.0.0.1', port: issuer.port })
    front.cut()
    await using run = await runFacade(issuer.environment(front.port))
    const headers = await issuer.headers()
    for (let i = 0; i < 6; i++) expect((await run.score('a', headers)).status).toBe(503)
    expect(await run.metric('valence_breaker_state', 'part="jwks"')).toBe(2)
    expect(await run.readiness()).toMatchObject({ status: 'ok', checks: { jwks: 'degraded' } })
    front.resume()
    await expect.poll(async () => (await run.score('a', headers)).status, { timeout: 10_000 }).toBe(200)
    expect(await run.metric('valence_breaker_state', 'part="jwks"')).toBe(0)
    await front.close()
  })
})

describe('a replica that starts while Redis knows what is hot', () => {
  it('has the scores of the last one in its own cache', async () => {
    const text = `asked for again and again ${randomUUID()}`
    const first = await facade()
    await connected(first)
    const headers = await issuer.headers({ sub: randomUUID() })
    for (let i = 0; i < 3; i++) expect((await first.score(text, headers)).status).toBe(200)
    await first[Symbol.asyncDispose]()
    await using second = await facade({ VALENCE_LOG_LEVEL: 'info' })
    await expect.poll(() => second.log.map(({ msg }) => msg)).toContain('cache warmed')
    expect((await second.score(text, headers)).status).toBe(200)
    expect(await second.metric('valence_scoring_cache_lookups_total', 'level="memory",outcome="hit"')).toBe(1)
    expect(await second.metric('valence_scoring_cache_lookups_total', 'level="shared",outcome="hit"')).toBe(0)
  })
})
