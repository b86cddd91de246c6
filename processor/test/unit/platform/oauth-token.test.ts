import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ValenceError } from '@valence/schemas'
import { TokenEndpoint } from '@valence/testing/parts/token-endpoint'
import { jwtVerify } from 'jose'
import { afterAll, describe, expect, it } from 'vitest'
import { type ClientProof, createTokenFile, createTokenSource } from '../../../src/platform/oauth-token.ts'

const folder = mkdtempSync(join(tmpdir(), 'valence-oauth-'))
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, content: string): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

const granted = (token: string, seconds: number) => ({
  status: 200,
  body: { access_token: token, expires_in: seconds, token_type: 'Bearer' },
})

function sourceOf(endpoint: Pick<TokenEndpoint, 'url'>, now = () => 0, proof: ClientProof = { secret: 'c:d' }) {
  return createTokenSource({
    url: endpoint.url,
    clientId: 'a b',
    proof,
    scope: 'kafka',
    refused: (detail) => new ValenceError('VAL_KAFKA_AUTHENTICATION_FAILED', detail),
    unavailable: (detail, cause) => new ValenceError('VAL_KAFKA_TOKEN_UNAVAILABLE', detail, { cause }),
    now,
  })
}

describe('createTokenSource', () => {
  it('asks by the client credentials grant, the credentials encoded', async () => {
    await using endpoint = await TokenEndpoint.start(() => granted('one', 100))
    expect(await sourceOf(endpoint)()).toBe('one')
    const [request] = endpoint.requests
    expect(Object.fromEntries(request?.form ?? [])).toEqual({ grant_type: 'client_credentials', scope: 'kafka' })
    const basic = Buffer.from(request?.authorization?.replace('Basic ', '') ?? '', 'base64').toString()
    expect(basic).toBe('a+b:c%3Ad')
  })

  it('gives one token to all connections, and a new one before the old one ends', async () => {
    let issued = 0
    let time = 0
    await using endpoint = await TokenEndpoint.start(() => granted(`token ${++issued}`, 100))
    const source = sourceOf(endpoint, () => time)
    expect(await Promise.all([source(), source(), source()])).toEqual(['token 1', 'token 1', 'token 1'])
    time = 79_000
    expect(await source()).toBe('token 1')
    time = 81_000
    expect(await source()).toBe('token 2')
  })

  it.each([
    [401, { error: 'invalid_client' }, 'VAL_KAFKA_AUTHENTICATION_FAILED', 'invalid_client'],
    [400, 'no json', 'VAL_KAFKA_AUTHENTICATION_FAILED', 'status 400'],
    [503, {}, 'VAL_KAFKA_TOKEN_UNAVAILABLE', '503'],
    [200, { token: 'under another name' }, 'VAL_KAFKA_TOKEN_UNAVAILABLE', '200'],
    [200, 'no json', 'VAL_KAFKA_TOKEN_UNAVAILABLE', '200'],
  ])('explains status %i with %j', async (status, body, code, detail) => {
    await using endpoint = await TokenEndpoint.start(() => ({ status, body }))
    await expect(sourceOf(endpoint)()).rejects.toMatchObject({ code, detail: expect.stringContaining(detail) })
  })

  it('never repeats the secret, and tries again after a failure', async () => {
    let status = 401
    await using endpoint = await TokenEndpoint.start(() => ({ ...granted('late', 100), status }))
    const source = sourceOf(endpoint)
    const error: Error = await source().then(
      () => expect.unreachable(),
      (reason: Error) => reason,
    )
    expect(error.message).not.toContain('c:d')
    status = 200
    expect(await source()).toBe('late')
  })

  it('says that nobody answers, and follows no redirect with its credentials', async () => {
    await expect(sourceOf({ url: 'http://127.0.0.1:1/token' })()).rejects.toMatchObject({
      code: 'VAL_KAFKA_TOKEN_UNAVAILABLE',
    })
    await using endpoint = await TokenEndpoint.start(() => ({ status: 302, body: '' }))
    await expect(sourceOf(endpoint)()).rejects.toMatchObject({ code: 'VAL_KAFKA_TOKEN_UNAVAILABLE' })
  })

  it.each([
    ['rsa', 'RS256', { modulusLength: 2048 }],
    ['ec', 'ES256', { namedCurve: 'prime256v1' }],
  ] as const)('proves itself by an assertion signed with the %s key of a file', async (type, algorithm, details) => {
    const { publicKey, privateKey } = generateKeyPairSync(type as 'rsa', details as { modulusLength: number })
    const keyFile = write('client.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)
    await using endpoint = await TokenEndpoint.start(() => granted('one', 100))
    const proof = { keyFile, keyId: 'k1', setting: 'THE_SETTING' }
    expect(await sourceOf(endpoint, () => 0, proof)()).toBe('one')
    const [request] = endpoint.requests
    expect(request?.authorization).toBeUndefined()
    expect(request?.form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    const verified = await jwtVerify(request?.form.get('client_assertion') ?? '', publicKey, { audience: endpoint.url })
    expect(verified.protectedHeader).toMatchObject({ alg: algorithm, kid: 'k1' })
    expect(verified.payload).toMatchObject({ iss: 'a b', sub: 'a b' })
  })

  it('names the file of a key that cannot sign, and asks nobody', async () => {
    await using endpoint = await TokenEndpoint.start(() => granted('one', 100))
    const { privateKey } = generateKeyPairSync('ed25519')
    for (const content of ['no key', privateKey.export({ type: 'pkcs8', format: 'pem' }) as string]) {
      const keyFile = write('client.pem', content)
      await expect(sourceOf(endpoint, () => 0, { keyFile, setting: 'THE_SETTING' })()).rejects.toMatchObject({
        code: 'VAL_FILE_UNREADABLE',
        detail: `${keyFile} (THE_SETTING)`,
      })
    }
    expect(endpoint.requests).toEqual([])
  })
})

describe('createTokenFile', () => {
  it('reads the token at each use', async () => {
    const path = write('token', 'first\n')
    const source = createTokenFile(path, 'THE_SETTING')
    expect(await source()).toBe('first')
    write('token', 'second')
    expect(await source()).toBe('second')
  })

  it('names the file and its setting where there is none', async () => {
    const path = join(folder, 'missing')
    await expect(createTokenFile(path, 'THE_SETTING')()).rejects.toMatchObject({
      code: 'VAL_FILE_UNREADABLE',
      detail: `${path} (THE_SETTING)`,
    })
  })
})
