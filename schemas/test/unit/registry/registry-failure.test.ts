import { type Reply, schemaReply, startFakeRegistry, unknownSchemaReply } from '@valence/testing/parts/fake-registry'
import { describe, expect, it } from 'vitest'
import { createSchemaRegistry, embeddedSchemas } from '../../../src/index.ts'
import { rejectionOf, thrownBy } from '../../support/thrown.ts'

const textSchema = embeddedSchemas['text-event'].avro

describe.concurrent('a registry that is in trouble never condemns a record', () => {
  it.each<[string, Reply]>([
    ['400', { status: 400, body: { error_code: 400, message: 'bad request' } }],
    ['401', { status: 401, body: { error_code: 40101, message: 'who are you' } }],
    ['403', { status: 403, body: { error_code: 40301, message: 'not you' } }],
    ['a 404 of something else on the way', { status: 404, body: '<html>not here</html>' }],
    ['a 404 without a code', { status: 404, body: {} }],
    ['a 404 of a route', { status: 404, body: { error_code: 404, message: 'HTTP 404 Not Found' } }],
    ['408', { status: 408, body: {} }],
    ['429', { status: 429, body: { error_code: 42901, message: 'slow down' } }],
    ['500', { status: 500, body: { error_code: 50001, message: 'the backend is down' } }],
    ['500 with null for a body', { status: 500, body: null }],
    ['502 of a proxy', { status: 502, body: '<html>bad gateway</html>' }],
    ['503 without a body', { status: 503, body: '' }],
    ['a redirect to a login page', { status: 302, body: '' }],
    ['a login page', { status: 200, body: '<html>sign in</html>' }],
    ['an answer without a schema', { status: 200, body: { id: 7 } }],
    ['null', { status: 200, body: null }],
    ['a cut connection', 'reset'],
  ])('%s', async (_trouble, reply) => {
    await using fake = await startFakeRegistry(() => reply)
    const registry = createSchemaRegistry({ url: fake.url })
    const error = await rejectionOf(registry.load(7))
    expect(error.code).toBe('VAL_REGISTRY_UNAVAILABLE')
    expect(error.retryable).toBe(true)
    expect(error.detail).toContain(fake.url)
    expect(registry.cached(7)).toBeUndefined()
  })

  it.each<Reply>(['hang', 'stall', 'break off'])('with the fault %s ends at the timeout', async (reply) => {
    await using fake = await startFakeRegistry(() => reply)
    const registry = createSchemaRegistry({ url: fake.url, timeoutMs: 100 })
    expect(await rejectionOf(registry.load(7))).toMatchObject({
      code: 'VAL_REGISTRY_UNAVAILABLE',
      detail: expect.stringContaining('no answer within 100 ms'),
    })
  })

  it('is not cached: the next record asks again', async () => {
    let reply: Reply = { status: 503, body: {} }
    await using fake = await startFakeRegistry(() => reply)
    const registry = createSchemaRegistry({ url: fake.url })
    await rejectionOf(registry.load(7))
    reply = schemaReply(textSchema)
    expect(await registry.load(7)).toBe(registry.cached(7))
  })

  it('the connection is refused', async () => {
    const fake = await startFakeRegistry(() => unknownSchemaReply)
    await fake[Symbol.asyncDispose]()
    const error = await rejectionOf(createSchemaRegistry({ url: fake.url }).load(7))
    expect(error).toMatchObject({ code: 'VAL_REGISTRY_UNAVAILABLE', detail: expect.stringContaining('ECONNREFUSED') })
    expect(error.cause).toBeInstanceOf(Error)
  })
})

describe('ping', () => {
  it('resolves on the list of subjects', async () => {
    await using fake = await startFakeRegistry(() => ({ status: 200, body: ['a'] }))
    await createSchemaRegistry({ url: fake.url }).ping()
    expect(fake.requests).toEqual(['GET /subjects'])
  })

  it.each<Reply>([{ status: 401, body: {} }, { status: 200, body: '<html></html>' }, 'reset'])(
    'rejects on %j',
    async (reply) => {
      await using fake = await startFakeRegistry(() => reply)
      expect((await rejectionOf(createSchemaRegistry({ url: fake.url }).ping())).code).toBe('VAL_REGISTRY_UNAVAILABLE')
    },
  )
})

describe('the address', () => {
  it.each(['', 'registry:8081', 'ftp://registry', 'http://'])('%j is VAL_CONFIG_INVALID', (url) => {
    expect(thrownBy(() => createSchemaRegistry({ url })).code).toBe('VAL_CONFIG_INVALID')
  })

  it('may end in a slash', async () => {
    await using fake = await startFakeRegistry(() => ({ status: 200, body: [] }))
    await createSchemaRegistry({ url: `${fake.url}//` }).ping()
    expect(fake.requests).toEqual(['GET /subjects'])
  })

  it('can contain credentials, which are in no error', async () => {
    const seen: (string | undefined)[] = []
    await using fake = await startFakeRegistry((request) => {
      seen.push(request.headers.authorization)
      return { status: 401, body: {} }
    })
    const registry = createSchemaRegistry({ url: fake.url.replace('//', '//ann:s3cret@') })
    expect((await rejectionOf(registry.ping())).message).not.toContain('s3cret')
    expect(seen).toEqual([`Basic ${Buffer.from('ann:s3cret').toString('base64')}`])
  })

  it('can have separate credentials', async () => {
    const seen: (string | undefined)[] = []
    await using fake = await startFakeRegistry((request) => {
      seen.push(request.headers.authorization)
      return { status: 200, body: [] }
    })
    await createSchemaRegistry({ url: fake.url, auth: { username: 'ann', password: 'p:w' } }).ping()
    expect(seen).toEqual([`Basic ${Buffer.from('ann:p:w').toString('base64')}`])
  })
})
