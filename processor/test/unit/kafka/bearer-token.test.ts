import { TokenEndpoint } from '@valence/testing/parts/token-endpoint'
import { describe, expect, it } from 'vitest'
import { createTokenSource } from '../../../src/kafka/bearer-token.ts'

const granted = (token: string, seconds: number) => ({
  status: 200,
  body: { access_token: token, expires_in: seconds, token_type: 'Bearer' },
})

function sourceOf(endpoint: Pick<TokenEndpoint, 'url'>, now = () => 0) {
  return createTokenSource({ url: endpoint.url, clientId: 'a b', clientSecret: 'c:d', scope: 'kafka', now })
}

describe('createTokenSource', () => {
  it('asks by the client credentials grant, the credentials encoded', async () => {
    await using endpoint = await TokenEndpoint.start(() => granted('one', 100))
    expect(await sourceOf(endpoint)()).toBe('one')
    const [request] = endpoint.requests
    expect(Object.fromEntries(request?.form ?? [])).toEqual({ grant_type: 'client_credentials', scope: 'kafka' })
    const basic = Buffer.from(request?.authorization?.replace('Basic ', '') ?? '', 'base64').toString()
    expect(basic).toBe('a%20b:c%3Ad')
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
})
