import { type FakeRequest, type Reply, startFakeRegistry } from '@valence/testing/parts/fake-registry'
import { describe, expect, it } from 'vitest'
import { createSchemaRegistry, embeddedSchemas } from '../../../src/index.ts'
import { rejectionOf } from '../../support/thrown.ts'

const noSubject: Reply = { status: 404, body: { error_code: 40401, message: 'Subject not found' } }
const noSchema: Reply = { status: 404, body: { error_code: 40403, message: 'Schema not found' } }
const ok: Reply = { status: 200, body: {} }

/** A registry with answers for the four calls of a registration. */
function answering(replies: { lookup?: Reply; config?: Reply; setConfig?: Reply; register?: Reply }) {
  return startFakeRegistry((request) => replies[callOf(request)] ?? ok)
}

function callOf({ method, path }: FakeRequest): 'lookup' | 'config' | 'setConfig' | 'register' {
  if (path.startsWith('/config/')) return method === 'PUT' ? 'setConfig' : 'config'
  return path.endsWith('/versions') ? 'register' : 'lookup'
}

describe('registerFor', () => {
  it('only looks up a registered schema', async () => {
    await using fake = await answering({ lookup: { status: 200, body: { id: 7, version: 1 } } })
    expect(await createSchemaRegistry({ url: fake.url }).registerFor('s', 'text-event')).toBe(7)
    expect(fake.requests).toEqual(['POST /subjects/s'])
  })

  it.each([noSubject, noSchema])(
    'sets a level of compatibility before the first version, never after',
    async (lookup) => {
      await using fake = await answering({ lookup, config: noSubject, register: { status: 200, body: { id: 8 } } })
      expect(await createSchemaRegistry({ url: fake.url }).registerFor('s', 'text-event')).toBe(8)
      expect(fake.requests).toEqual(['POST /subjects/s', 'GET /config/s', 'PUT /config/s', 'POST /subjects/s/versions'])
    },
  )

  it.each(['NONE', 'FULL_TRANSITIVE'])('keeps an existing level %s', async (compatibilityLevel) => {
    await using fake = await answering({
      lookup: noSchema,
      config: { status: 200, body: { compatibilityLevel } },
      register: { status: 200, body: { id: 8 } },
    })
    await createSchemaRegistry({ url: fake.url }).registerFor('s', 'text-event')
    expect(fake.requests).not.toContain('PUT /config/s')
  })

  it('accepts a level that another client sets concurrently', async () => {
    await using fake = await answering({
      lookup: noSubject,
      config: noSubject,
      setConfig: { status: 409, body: { error_code: 40901, message: "A rule named 'COMPATIBILITY' already exists." } },
      register: { status: 200, body: { id: 8 } },
    })
    expect(await createSchemaRegistry({ url: fake.url }).registerFor('s', 'text-event')).toBe(8)
  })

  it('sends Avro without a type, for registries that know no other, and JSON Schema with one', async () => {
    const bodies: unknown[] = []
    await using fake = await startFakeRegistry(({ body }) => {
      bodies.push(body)
      return { status: 200, body: { id: 1 } }
    })
    const registry = createSchemaRegistry({ url: fake.url })
    await registry.registerFor('s', 'scored-event')
    await registry.registerFor('s', 'dead-letter', 'json')
    expect(bodies).toEqual([
      { schema: JSON.stringify(embeddedSchemas['scored-event'].avro) },
      { schema: JSON.stringify(embeddedSchemas['dead-letter'].json), schemaType: 'JSON' },
    ])
  })

  it.each([
    { status: 409, body: { error_code: 409, message: 'Schema being registered is incompatible' } },
    { status: 422, body: { error_code: 42201, message: 'Invalid schema' } },
  ])('throws a refusal with its reason: %j', async (register) => {
    await using fake = await answering({ lookup: noSchema, config: { status: 200, body: {} }, register })
    expect(await rejectionOf(createSchemaRegistry({ url: fake.url }).registerFor('s', 'text-event'))).toMatchObject({
      code: 'VAL_SCHEMA_INCOMPATIBLE',
      detail: `s: HTTP ${register.status} from ${fake.url}, ${register.body.message}`,
    })
  })

  it.each<[string, Parameters<typeof answering>[0]]>([
    ['the look-up is forbidden', { lookup: { status: 403, body: {} } }],
    ['the look-up breaks', { lookup: 'reset' }],
    ['the look-up answers nonsense', { lookup: { status: 200, body: { id: 'seven' } } }],
    ['the level is forbidden', { lookup: noSchema, config: { status: 401, body: {} } }],
    ['the level cannot be set', { lookup: noSchema, config: noSubject, setConfig: { status: 403, body: {} } }],
    ['registering is forbidden', { lookup: noSchema, register: { status: 403, body: {} } }],
    ['registering breaks', { lookup: noSchema, register: 'reset' }],
    ['registering gives no id', { lookup: noSchema, register: { status: 200, body: {} } }],
  ])('throws VAL_REGISTRY_UNAVAILABLE: %s', async (_what, replies) => {
    await using fake = await answering(replies)
    const error = await rejectionOf(createSchemaRegistry({ url: fake.url }).registerFor('s', 'text-event'))
    expect(error.code).toBe('VAL_REGISTRY_UNAVAILABLE')
  })
})

describe('registerText', () => {
  it('sends the text as it is, with the references', async () => {
    const bodies: unknown[] = []
    await using fake = await startFakeRegistry(({ body }) => {
      bodies.push(body)
      return { status: 200, body: { id: 3 } }
    })
    const pointers = [{ name: 'a.proto', subject: 'a', version: 2 }]
    const { registerText } = createSchemaRegistry({ url: fake.url })
    expect(await registerText('s', { type: 'PROTOBUF', text: 'message M {}', pointers })).toBe(3)
    await registerText('s', { type: 'AVRO', text: '"string"', pointers: [] })
    expect(bodies).toEqual([
      { schema: 'message M {}', schemaType: 'PROTOBUF', references: pointers },
      { schema: '"string"' },
    ])
  })
})

describe('writerSchema', () => {
  it('has the text, the references and where they are registered', async () => {
    const pointers = [{ name: 'Inner', subject: 'inner', version: 1 }]
    await using fake = await startFakeRegistry(({ path }) => ({
      status: 200,
      body: path === '/schemas/ids/5' ? { schema: 'text', references: pointers } : { schema: '"inner"' },
    }))
    expect(await createSchemaRegistry({ url: fake.url }).writerSchema(5)).toEqual({
      type: 'AVRO',
      text: 'text',
      references: [{ name: 'Inner', text: '"inner"' }],
      pointers,
    })
  })

  it('is not guessed where an id of eight bytes may be of two schemas', async () => {
    await using fake = await startFakeRegistry(({ path }) => {
      if (path.includes('/search/')) return { status: 200, body: { versions: [{ globalId: 8 }] } }
      const schema = path.includes('/globalIds/8') ? '"string"' : '"int"'
      return { status: 200, body: schema, headers: { 'x-registry-artifacttype': 'AVRO' } }
    })
    const registry = createSchemaRegistry({ url: fake.url.replace(/\/api$/, '/apis/ccompat/v7') })
    const error = await rejectionOf(registry.writerSchema('contentId or globalId 7'))
    expect(error.code).toBe('VAL_SCHEMA_ID_UNRESOLVABLE')
  })
})

describe('register', () => {
  it('registers the schemas of both topics', async () => {
    await using fake = await startFakeRegistry(({ path }) => ({
      status: 200,
      body: { id: path.includes('texts') ? 1 : 2 },
    }))
    const registry = createSchemaRegistry({ url: fake.url })
    expect(await registry.register()).toEqual({ textEvent: 1, scoredEvent: 2 })
    expect(await registry.register({ texts: 'my.texts', scores: 'my.results' })).toEqual({
      textEvent: 1,
      scoredEvent: 2,
    })
    expect(fake.requests).toEqual([
      'POST /subjects/sentiment.texts.v1-value',
      'POST /subjects/sentiment.scores.v1-value',
      'POST /subjects/my.texts-value',
      'POST /subjects/my.results-value',
    ])
  })
})
