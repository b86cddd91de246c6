import { openTestApp, type TestAppOptions } from '@valence/testing/processes/http-app'
import { describe, expect, it } from 'vitest'

async function documentOf(options: TestAppOptions = {}) {
  await using test = await openTestApp({
    ...options,
  })
  return (await test.app.inject('/openapi.json')).json()
}

describe('the OpenAPI document', () => {
  it('names every route, each once, with what it may answer', async () => {
    const { openapi, paths } = await documentOf()
    expect(openapi).toBe('3.1.0')
    const operations = Object.entries(
      paths as Record<string, Record<string, { operationId: string; responses: object }>>,
    )
      .flatMap(([path, methods]) => Object.entries(methods).map(([method, facts]) => ({ path, method, ...facts })))
      .filter(({ method }) => method !== 'head')
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toMatchSnapshot()
    for (const { responses } of operations)
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(['429', '500']))
  })

  it('asks for the credentials that the server asks for', async () => {
    const security = async (scheme: 'jwt' | 'api-key' | undefined) => {
      const authenticator = { scheme, authenticate: () => Promise.reject(new Error()), close: () => undefined }
      const { components, paths } = await documentOf({ authenticator })
      return [components.securitySchemes?.credentials?.type, paths['/v1/score'].post.security]
    }
    expect(await security('jwt')).toEqual(['http', [{ credentials: ['sentiment:score'] }]])
    expect(await security('api-key')).toEqual(['apiKey', [{ credentials: ['sentiment:score'] }]])
    expect(await security(undefined)).toEqual([undefined, undefined])
  })
})
