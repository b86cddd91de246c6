import { SchemaRegistry as Library } from '@kafkajs/confluent-schema-registry'
import { type FakeRequest, type Reply, schemaReply, startFakeRegistry } from '@valence/testing/parts/fake-registry'
import avro from 'avsc'
import { describe, expect, it } from 'vitest'
import { createSchemaRegistry } from '../../../src/index.ts'
import { rejectionOf } from '../../support/thrown.ts'

const named = (name: string, type: unknown) => ({ type: 'record', name, fields: [{ name: 'inner', type }] })
const root = {
  type: 'record',
  name: 'TextEvent',
  fields: [
    { name: 'text', type: 'string' },
    { name: 'left', type: 'Left' },
    { name: 'right', type: 'Right' },
  ],
}

/** TextEvent → Left and Right, both → Shared: each schema must be compiled once, before those that refer to it. */
function diamond({ path }: FakeRequest): Reply {
  const shared = { name: 'Shared', subject: 'shared', version: 3 }
  if (path === '/schemas/ids/7') {
    const references = ['Left', 'Right'].map((name) => ({ name, subject: name.toLowerCase(), version: 1 }))
    return schemaReply(root, { references })
  }
  if (path === '/subjects/left/versions/1') return schemaReply(named('Left', 'Shared'), { references: [shared] })
  if (path === '/subjects/right/versions/1') return schemaReply(named('Right', 'Shared'), { references: [shared] })
  if (path === '/subjects/shared/versions/3') return schemaReply(named('Shared', 'int'))
  return { status: 404, body: { error_code: 40401, message: 'Subject not found' } }
}

describe('references', () => {
  it('are fetched once each, dependencies first', async () => {
    await using fake = await startFakeRegistry(diamond)
    const decode = await createSchemaRegistry({ url: fake.url }).load(7)
    const names = {}
    for (const schema of [named('Shared', 'int'), named('Left', 'Shared'), named('Right', 'Shared')]) {
      avro.Type.forSchema(schema as never, { registry: names })
    }
    const side = { inner: { inner: 1 } }
    const payload = avro.Type.forSchema(root as never, { registry: names }).toBuffer({
      text: 'a',
      left: side,
      right: side,
    })
    expect(decode(payload).text).toBe('a')
    expect(fake.requests).toEqual([
      'GET /schemas/ids/7',
      'GET /subjects/left/versions/1',
      'GET /subjects/shared/versions/3',
      'GET /subjects/right/versions/1',
    ])
  })

  it('that are deleted make the schema a mismatch', async () => {
    await using fake = await startFakeRegistry((request) =>
      request.path.includes('shared') ? diamond({ ...request, path: '' }) : diamond(request),
    )
    expect(await rejectionOf(createSchemaRegistry({ url: fake.url }).load(7))).toMatchObject({
      code: 'VAL_SCHEMA_MISMATCH',
      detail: 'its reference Shared is not registered',
    })
  })

  it('are fetched again after a failure', async () => {
    let isDown = true
    await using fake = await startFakeRegistry((request) =>
      isDown && request.path.includes('right') ? { status: 429 } : diamond(request),
    )
    const registry = createSchemaRegistry({ url: fake.url })
    expect((await rejectionOf(registry.load(7))).code).toBe('VAL_REGISTRY_UNAVAILABLE')
    isDown = false
    await registry.load(7)
  })

  it('can be circular', async () => {
    await using fake = await startFakeRegistry(({ path }) =>
      schemaReply(path === '/schemas/ids/7' ? root : named('Left', 'int'), {
        references: [{ name: 'Left', subject: 'left', version: 1 }],
      }),
    )
    expect((await rejectionOf(createSchemaRegistry({ url: fake.url }).load(7))).code).toBe('VAL_SCHEMA_MISMATCH')
    expect(fake.requests).toHaveLength(2)
  })

  it('may be in a subject with any name', async () => {
    const subject = 'a/b ü?'
    await using fake = await startFakeRegistry(({ path }) => {
      if (path !== '/schemas/ids/7') return schemaReply(named('Left', 'int'))
      const fields = root.fields.slice(0, 2)
      return schemaReply({ ...root, fields }, { references: [{ name: 'Left', subject, version: 1 }] })
    })
    await createSchemaRegistry({ url: fake.url }).load(7)
    expect(fake.requests[1]).toBe(`GET /subjects/${encodeURIComponent(subject)}/versions/1`)
  })
})

it('does not change the retries of other users of the library', async () => {
  await using ours = await startFakeRegistry(() => ({ status: 500, body: {} }))
  await using theirs = await startFakeRegistry(() => ({ status: 500, body: {} }))
  await rejectionOf(createSchemaRegistry({ url: ours.url, timeoutMs: 10_000 }).ping())
  await expect(new Library({ host: theirs.url }).getSchema(7)).rejects.toThrow()
  // The library's default for all users: one call and three retries.
  expect(ours.requests).toHaveLength(4)
  expect(theirs.requests).toHaveLength(4)
})
