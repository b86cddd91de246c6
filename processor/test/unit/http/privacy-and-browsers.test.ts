import { openTestApp, unavailable } from '@valence/testing/processes/http-app'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'

const origin = 'https://app.example'

describe('the access log', () => {
  it('has one line a request and never a text, whatever happens to it', async () => {
    const lines: string[] = []
    const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
    await using test = await openTestApp({ logger })
    const secret = 'my secret diary'
    const post = (url: string, payload: object | string) =>
      test.app.inject({ method: 'POST', url, payload, headers: { 'content-type': 'application/json' } })
    await post('/v1/score', { text: secret })
    await post('/v1/score/batch', { texts: [secret] })
    await test.app.inject({ method: 'GET', url: '/v1/score', query: { text: secret } })
    await post('/v1/score', { text: [secret] })
    await post('/v1/score', { text: 'a', [secret]: 1 })
    await post('/v1/score', `{"text":"${secret}`)
    await test.app.inject(`/nowhere/${encodeURIComponent(secret)}`)
    test.scorer.answer = unavailable
    await post('/v1/score', { text: secret })
    test.scorer.answer = (text) => {
      throw new Error(`bug in scoring of ${text.length} characters`)
    }
    await post('/v1/score', { text: secret })
    expect(lines.filter((line) => line.includes('"msg":"request"'))).toHaveLength(9)
    expect(lines.join('')).not.toContain('secret')
    expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({
      method: 'POST',
      route: '/v1/score',
      status: 200,
      subject: 'anonymous',
    })
  })

  it('carries the ids of the caller, unless they are made to break it', async () => {
    await using test = await openTestApp()
    const ask = (id: string) =>
      test.app.inject({ method: 'GET', url: '/v2/health/live', headers: { 'x-request-id': id } })
    expect((await ask('order-7')).headers['x-request-id']).toBe('order-7')
    for (const bad of ['a b', 'x'.repeat(129), '<script>']) {
      expect((await ask(bad)).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    }
  })
})

describe('browsers', () => {
  it('get security headers on everything', async () => {
    await using test = await openTestApp()
    for (const url of ['/v2/health/live', '/docs', '/openapi.json', '/nowhere']) {
      const { headers } = await test.app.inject(url)
      expect(headers['content-security-policy']).toContain("default-src 'none'")
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' })
    }
  })

  it('of other origins are let in by name only, and never with credentials', async () => {
    await using test = await openTestApp({ environment: { VALENCE_HTTP_CORS_ORIGINS: origin } })
    const ask = (from: string) =>
      test.app.inject({
        method: 'OPTIONS',
        url: '/v1/score',
        headers: { origin: from, 'access-control-request-method': 'POST' },
      })
    const allowed = await ask(origin)
    expect(allowed.headers['access-control-allow-origin']).toBe(origin)
    expect(allowed.headers).not.toHaveProperty('access-control-allow-credentials')
    expect((await ask('https://evil.example')).headers).not.toHaveProperty('access-control-allow-origin')
    await using closed = await openTestApp()
    const plain = await closed.app.inject({ method: 'GET', url: '/v2/health/live', headers: { origin } })
    expect(plain.headers).not.toHaveProperty('access-control-allow-origin')
  })

  it('cannot be made to act in somebody’s name: no cookie counts, none is set, and forms are refused', async () => {
    const { ValenceError } = await import('@valence/schemas')
    const seen: unknown[] = []
    await using test = await openTestApp({
      authenticator: {
        scheme: 'jwt',
        authenticate: async ({ authorization, ...others }) => {
          seen.push(others.cookie)
          throw new ValenceError(authorization ? 'VAL_AUTH_TOKEN_MALFORMED' : 'VAL_AUTH_MISSING')
        },
        close: () => undefined,
      },
    })
    const withCookie = await test.app.inject({
      method: 'POST',
      url: '/v1/score',
      payload: { text: 'a' },
      headers: { cookie: 'session=abc; authorization=Bearer%20x' },
    })
    expect(withCookie.statusCode).toBe(401)
    expect(withCookie.headers).not.toHaveProperty('set-cookie')
    await using open = await openTestApp()
    // What a form of another site can send without asking first.
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=a']) {
      const form = await open.app.inject({
        method: 'POST',
        url: '/v1/score',
        payload: '{"text":"a"}',
        headers: { 'content-type': type },
      })
      expect(form.statusCode).toBe(415)
    }
    expect(open.scorer.asked).toEqual([])
  })
})
