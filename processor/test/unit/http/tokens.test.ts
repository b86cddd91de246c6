import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openTestApp } from '@valence/testing/processes/http-app'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createKeySet, type KeySet } from '../../../src/http/auth/key-set.ts'
import { createTokenAuthenticator } from '../../../src/http/auth/token-authenticator.ts'
import { createBreaker } from '../../../src/platform/breaker.ts'

const issuer = 'https://issuer.example'
const audience = 'valence'
const now = () => Math.floor(Date.now() / 1_000)

interface Pair {
  readonly kid: string
  readonly alg: string
  readonly publicKey: CryptoKey
  readonly privateKey: CryptoKey
}

async function pair(kid: string, alg: string): Promise<Pair> {
  return { kid, alg, ...(await generateKeyPair(alg, { extractable: true })) }
}

let pairs: Record<'rsa' | 'ec' | 'ed' | 'next', Pair>

beforeAll(async () => {
  pairs = {
    rsa: await pair('rsa', 'RS256'),
    ec: await pair('ec', 'ES256'),
    ed: await pair('ed', 'EdDSA'),
    next: await pair('next', 'ES256'),
  }
})

/** An issuer whose published keys and availability can change. */
class Issuer {
  keys: Pair[] = [pairs.rsa, pairs.ec, pairs.ed]
  isDown = false
  asked = 0
  readonly #server: Server = createServer(async (_request, response) => {
    this.asked++
    if (this.isDown) return void response.writeHead(503).end()
    const keys = this.keys.map(async ({ kid, alg, publicKey }) => ({ ...(await exportJWK(publicKey)), kid, alg }))
    response.end(JSON.stringify({ keys: await Promise.all(keys) }))
  })

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks`
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

let server: Issuer
let keys: KeySet
let url: string

function openKeys(from: string): KeySet {
  const breaker = createBreaker({ part: 'jwks', timeoutMs: 60_000, breakAfter: 3, breakMs: 50 })
  return createKeySet({ url: from, breaker, cooldownMs: 0 })
}

beforeEach(async () => {
  server = new Issuer()
  url = await server.start()
  keys = openKeys(url)
})

afterEach(() => {
  keys.close()
  server.stop()
})

function token({ kid, alg, privateKey }: Pair, claims: JWTPayload = {}): Promise<string> {
  const standard = { iss: issuer, aud: audience, sub: 'alice', exp: now() + 60, scope: 'sentiment:score other' }
  return new SignJWT({ ...standard, ...claims }).setProtectedHeader({ alg, kid }).sign(privateKey)
}

async function ask(bearer: string | undefined, url = '/v1/score') {
  const authenticator = createTokenAuthenticator({ keys, issuer, audience, clockSkewMs: 5_000 })
  await using test = await openTestApp({ authenticator: { ...authenticator, close: () => undefined } })
  const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }
  const response = await test.app.inject({ method: 'POST', url, payload: { text: 'good' }, headers })
  return { status: response.statusCode, code: response.json().code, headers: response.headers }
}

describe('access tokens', () => {
  it.each(['rsa', 'ec', 'ed'] as const)('are taken when signed with %s', async (name) => {
    expect((await ask(await token(pairs[name]))).status).toBe(200)
  })

  it.each([
    ['expired', { exp: 1_000 }, 'VAL_AUTH_TOKEN_EXPIRED'],
    ['of the future', { nbf: now() + 600 }, 'VAL_AUTH_TOKEN_NOT_YET_VALID'],
    ['of another issuer', { iss: 'https://other.example' }, 'VAL_AUTH_ISSUER_REFUSED'],
    ['for another audience', { aud: 'other' }, 'VAL_AUTH_AUDIENCE_REFUSED'],
    ['without subject', { sub: undefined as never }, 'VAL_AUTH_CLAIMS_INVALID'],
    ['without expiry', { exp: undefined as never }, 'VAL_AUTH_CLAIMS_INVALID'],
  ])('%s are refused by a problem of their own', async (_, claims, code) => {
    const answer = await ask(await token(pairs.rsa, claims))
    expect(answer).toMatchObject({ status: 401, code })
    expect(answer.headers['www-authenticate']).toContain('invalid_token')
  })

  it('allows for a small difference of the clocks only', async () => {
    // Stopped, so that the time an answer takes does not count.
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    expect((await ask(await token(pairs.rsa, { exp: now() - 3 }))).status).toBe(200)
    expect((await ask(await token(pairs.rsa, { exp: now() - 10 }))).status).toBe(401)
  })

  it('needs one at all', async () => {
    const answer = await ask(undefined)
    expect(answer).toMatchObject({ status: 401, code: 'VAL_AUTH_MISSING' })
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="valence"')
  })

  it.each(['', 'a.b', 'a.b.c', 'é.ü.ß', 'e30.e30.'])('refuses the garbage %j', async (garbage) => {
    expect((await ask(garbage)).status).toBe(401)
  })

  it('refuses unsigned tokens', async () => {
    const claims = { iss: issuer, aud: audience, sub: 'mallory', exp: now() + 60, scope: 'sentiment:score' }
    expect(await ask(new UnsecuredJWT(claims).encode())).toMatchObject({
      status: 401,
      code: 'VAL_AUTH_ALGORITHM_REFUSED',
    })
  })

  it('refuses a public key used as a shared secret', async () => {
    const secret = new TextEncoder().encode(await exportSPKI(pairs.rsa.publicKey))
    const forged = await new SignJWT({ iss: issuer, aud: audience, sub: 'mallory', exp: now() + 60 })
      .setProtectedHeader({ alg: 'HS256', kid: 'rsa' })
      .sign(secret)
    expect(await ask(forged)).toMatchObject({ status: 401, code: 'VAL_AUTH_ALGORITHM_REFUSED' })
  })

  it('refuses a changed token, and one signed with a stranger’s key under a known name', async () => {
    const genuine = await token(pairs.ec)
    const [head, , signature] = genuine.split('.')
    const forged = Buffer.from(JSON.stringify({ iss: issuer, aud: audience, sub: 'root', exp: now() + 60 }))
    const answers = [
      await ask(`${head}.${forged.toString('base64url')}.${signature}`),
      await ask(await token({ ...pairs.next, kid: 'ec' })),
    ]
    for (const answer of answers) expect(answer).toMatchObject({ status: 401, code: 'VAL_AUTH_SIGNATURE_INVALID' })
  })

  it('refuses an unknown key', async () => {
    expect(await ask(await token(pairs.next))).toMatchObject({ status: 401, code: 'VAL_AUTH_KEY_UNKNOWN' })
  })

  it('refuses who lacks the scope, and names it', async () => {
    const answer = await ask(await token(pairs.rsa, { scope: 'sentiment:read' }))
    expect(answer).toMatchObject({ status: 403, code: 'VAL_AUTH_SCOPE_MISSING' })
    expect(answer.headers['www-authenticate']).toContain('insufficient_scope')
  })

  it('reads scopes from a list as well', async () => {
    expect((await ask(await token(pairs.rsa, { scope: undefined, scp: ['sentiment:score'] }))).status).toBe(200)
  })
})

describe('the key set', () => {
  it('learns new keys when a token asks for one', async () => {
    expect((await ask(await token(pairs.ec))).status).toBe(200)
    server.keys = [pairs.next]
    expect((await ask(await token(pairs.next))).status).toBe(200)
    expect((await ask(await token(pairs.ec))).code).toBe('VAL_AUTH_KEY_UNKNOWN')
  })

  it('keeps what it has while the issuer is away', async () => {
    expect((await ask(await token(pairs.ec))).status).toBe(200)
    server.isDown = true
    for (let i = 0; i < 5; i++) expect((await ask(await token(pairs.next))).code).toBe('VAL_AUTH_KEY_UNKNOWN')
    expect((await ask(await token(pairs.ec))).status).toBe(200)
  })

  it('says 503, not 401, while it never had any', async () => {
    server.isDown = true
    const answer = await ask(await token(pairs.ec))
    expect(answer).toMatchObject({ status: 503, code: 'VAL_AUTH_KEYS_UNAVAILABLE' })
    expect(answer.headers['retry-after']).toBe('1')
    server.isDown = false
    await expect.poll(async () => (await ask(await token(pairs.ec))).status).toBe(200)
  })

  it('does not ask the issuer for each token, nor for each bad one', async () => {
    keys.close()
    keys = createKeySet({ url, breaker: createBreaker({ part: 'jwks', timeoutMs: 60_000 }), cooldownMs: 600_000 })
    expect((await ask(await token(pairs.ec))).status).toBe(200)
    const asked = server.asked
    for (let i = 0; i < 5; i++) await ask(await token(pairs.next))
    expect(server.asked).toBe(asked)
  })

  it('logs in at the issuer with the credentials of the URL', async () => {
    const asked: [string, unknown][] = []
    const get = async (place: unknown, init?: RequestInit) => {
      asked.push([String(place), init?.headers])
      return Response.json({ keys: [] })
    }
    const breaker = createBreaker({ part: 'jwks', timeoutMs: 60_000 })
    const own = createKeySet({ url: 'https://me:p%40ss@issuer.example/keys', breaker, fetch: get })
    await expect.poll(() => asked.length).toBe(1)
    own.close()
    const authorization = `Basic ${Buffer.from('me:p@ss').toString('base64')}`
    expect(asked).toEqual([['https://issuer.example/keys', { accept: 'application/json', authorization }]])
  })
})
