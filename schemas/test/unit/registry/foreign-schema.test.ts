import {
  type FakeRequest,
  type Reply,
  schemaReply,
  startFakeRegistry,
  unknownSchemaReply,
} from '@valence/testing/parts/fake-registry'
import { describe, expect, it } from 'vitest'
import { createSchemaRegistry, embeddedSchemas, textEventAvro } from '../../../src/index.ts'
import { rejectionOf } from '../../support/thrown.ts'

const textSchema = embeddedSchemas['text-event'].avro
const scoredSchema = embeddedSchemas['scored-event'].avro
const guid = 'guid 01020304-0506-0708-090a-0b0c0d0e0f10'
const subjects: Reply = { status: 200, body: [] }
const noRoute: Reply = { status: 404, body: '' }

/** Starts a registry at Apicurio's path; both of its APIs answer with `reply`, by default 404. */
function startApicurio(reply: (request: FakeRequest) => Reply | undefined) {
  return startFakeRegistry((request) => {
    if (request.path.endsWith('/subjects')) return subjects
    return reply(request) ?? noRoute
  })
}

const apicurioUrl = (url: string) => url.replace(/\/api$/, '/apis/ccompat/v7')
const content = (schema: unknown, type = 'AVRO'): Reply => ({
  status: 200,
  body: schema,
  headers: { 'x-registry-artifacttype': type },
})
const notFound = (name: string): Reply => ({ status: 404, body: { status: 404, name } })
const versions = (...globalIds: number[]): Reply => ({
  status: 200,
  body: { count: globalIds.length, versions: globalIds.map((globalId) => ({ globalId, artifactType: 'AVRO' })) },
})

describe("Confluent's GUID", () => {
  it('is resolved if the registry supports GUIDs', async () => {
    await using fake = await startFakeRegistry(() => schemaReply(textSchema))
    const registry = createSchemaRegistry({ url: fake.url })
    const decode = await registry.load(guid)
    expect(decode(textEventAvro.encode({ text: 'fine' })).text).toBe('fine')
    expect(registry.cached(guid)).toBe(decode)
    expect(fake.requests).toEqual(['GET /schemas/guids/01020304-0506-0708-090a-0b0c0d0e0f10'])
  })

  it('is fetched with the credentials of the registry', async () => {
    const seen: (string | undefined)[] = []
    await using fake = await startFakeRegistry(({ headers }) => {
      seen.push(headers.authorization)
      return schemaReply(textSchema)
    })
    await createSchemaRegistry({ url: fake.url, auth: { username: 'ann', password: 'p:w' } }).load(guid)
    await createSchemaRegistry({ url: fake.url.replace('//', '//ann:p%3Aw@') }).load(guid)
    expect(seen).toEqual(Array(2).fill(`Basic ${Buffer.from('ann:p:w').toString('base64')}`))
  })

  it('can be new', async () => {
    await using fake = await startFakeRegistry(() => unknownSchemaReply)
    const young = createSchemaRegistry({ url: fake.url })
    expect((await rejectionOf(young.load(guid))).code).toBe('VAL_SCHEMA_NOT_YET_KNOWN')
    const old = createSchemaRegistry({ url: fake.url, youngIdMs: 0 })
    expect((await rejectionOf(old.load(guid))).code).toBe('VAL_SCHEMA_UNKNOWN_ID')
  })

  it('is refused if the registry answers but does not support GUIDs', async () => {
    await using fake = await startFakeRegistry(({ path }) => (path === '/subjects' ? subjects : noRoute))
    const error = await rejectionOf(createSchemaRegistry({ url: fake.url }).load(guid))
    expect(error).toMatchObject({
      code: 'VAL_SCHEMA_ID_UNRESOLVABLE',
      deadLetter: true,
      detail: 'the registry knows no GUIDs',
    })
  })

  it.each<Reply>([
    noRoute,
    { status: 401, body: {} },
    { status: 503, body: '' },
    { status: 200, body: '<html>' },
    'reset',
  ])('is retryable if the registry fails: %j', async (reply) => {
    await using fake = await startFakeRegistry(() => reply)
    const error = await rejectionOf(createSchemaRegistry({ url: fake.url, timeoutMs: 500 }).load(guid))
    expect(error.code).toBe('VAL_REGISTRY_UNAVAILABLE')
  })
})

describe("Apicurio's ids", () => {
  const byGlobalId = (path: string) => path === '/apis/registry/v3/ids/globalIds/4'

  it('are resolved by its own API: a globalId with inlined references', async () => {
    await using fake = await startApicurio(({ path, query }) => {
      if (!byGlobalId(path) || query.get('references') !== 'DEREFERENCE') return undefined
      return content(textSchema)
    })
    const decode = await createSchemaRegistry({ url: apicurioUrl(fake.url) }).load('globalId 4')
    expect(decode(textEventAvro.encode({ text: 'fine' })).text).toBe('fine')
  })

  it('are resolved by its own API: a contentId by one of its versions', async () => {
    await using fake = await startApicurio(({ path, query }) => {
      if (path === '/apis/registry/v3/search/versions') return versions(...(query.get('contentId') === '2' ? [4] : []))
      return byGlobalId(path) ? content(embeddedSchemas['text-event'].json, 'JSON') : undefined
    })
    const registry = createSchemaRegistry({ url: apicurioUrl(fake.url), youngIdMs: 0 })
    expect((await registry.load('contentId 2'))(Buffer.from('{"text":"fine"}')).text).toBe('fine')
    expect((await rejectionOf(registry.load('contentId 3'))).code).toBe('VAL_SCHEMA_UNKNOWN_ID')
  })

  it('can be new', async () => {
    await using fake = await startApicurio(() => notFound('VersionNotFoundException'))
    const registry = createSchemaRegistry({ url: apicurioUrl(fake.url) })
    expect((await rejectionOf(registry.load('globalId 4'))).code).toBe('VAL_SCHEMA_NOT_YET_KNOWN')
  })

  it.each<[string, (url: string) => string]>([
    ['whose URL is none of Apicurio', (url) => url],
    ['of a version that has another API', apicurioUrl],
  ])('are refused by a registry %s', async (_name, urlOf) => {
    await using fake = await startApicurio(() => undefined)
    const registry = createSchemaRegistry({ url: urlOf(fake.url) })
    for (const id of ['globalId 4', 'contentId 4', 'contentId or globalId 4'] as const) {
      expect((await rejectionOf(registry.load(id))).code).toBe('VAL_SCHEMA_ID_UNRESOLVABLE')
    }
  })

  it.each<Reply>([{ status: 403, body: {} }, { status: 500, body: {} }, { status: 200, body: '<html>' }, 'reset'])(
    'wait for a registry in trouble: %j',
    async (reply) => {
      await using fake = await startFakeRegistry(() => reply)
      const registry = createSchemaRegistry({ url: apicurioUrl(fake.url), timeoutMs: 500 })
      for (const id of ['globalId 4', 'contentId 4', 'contentId or globalId 4'] as const) {
        expect((await rejectionOf(registry.load(id))).code).toBe('VAL_REGISTRY_UNAVAILABLE')
      }
    },
  )
})

describe("Apicurio's id of eight bytes, contentId or globalId", () => {
  /** The schema with this contentId, and the one with this globalId. */
  async function load(byContent: object | undefined, byGlobal: object | undefined) {
    await using fake = await startApicurio(({ path }) => {
      if (path.endsWith('/search/versions')) return versions(...(byContent ? [99] : []))
      const schema = path.endsWith('/99') ? byContent : byGlobal
      return schema ? content(schema) : notFound('VersionNotFoundException')
    })
    const registry = createSchemaRegistry({ url: apicurioUrl(fake.url), youngIdMs: 0 })
    return await registry.load('contentId or globalId 7')
  }

  it.each([
    ['the same', textSchema, textSchema],
    ['only one', textSchema, undefined],
    ['only the other', undefined, textSchema],
    ['another that does not fit', textSchema, scoredSchema],
    ['first another that does not fit', scoredSchema, textSchema],
  ])('means the schema that fits: %s', async (_name, byContent, byGlobal) => {
    const decode = await load(byContent, byGlobal)
    expect(decode(textEventAvro.encode({ text: 'fine' })).text).toBe('fine')
  })

  it('is refused if two schemas fit, none fits, or none is known', async () => {
    const other = { ...textSchema, fields: textSchema.fields.slice(0, 2) }
    expect((await rejectionOf(load(textSchema, other))).code).toBe('VAL_SCHEMA_ID_UNRESOLVABLE')
    expect((await rejectionOf(load(scoredSchema, scoredSchema))).code).toBe('VAL_SCHEMA_MISMATCH')
    expect((await rejectionOf(load(undefined, undefined))).code).toBe('VAL_SCHEMA_UNKNOWN_ID')
  })
})
