import { randomUUID } from 'node:crypto'
import { startLocalStack } from '@valence/deploy/local/stack'
import {
  createSchemaRegistry,
  embeddedSchemas,
  frame,
  framedPayload,
  readSchemaId,
  scoredEventAvro,
  textEventAvro,
  textEventJson,
  valueSubject,
} from '@valence/schemas'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { scoredEvent, textEvent } from '../support/events.ts'
import { rejectionOf, thrownBy } from '../support/thrown.ts'

const url = inject('stack').registryUrl
const registry = createSchemaRegistry({ url })

/** A request without the library and this package, as another client would send it. */
async function post(path: string, body: object): Promise<{ id: number }> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`HTTP ${response.status} ${await response.text()}`)
  return (await response.json()) as { id: number }
}

function uniqueTopics() {
  const run = randomUUID()
  return { texts: `texts-${run}`, scores: `scores-${run}` }
}

describe('a real registry', () => {
  const topics = uniqueTopics()
  let ids: { textEvent: number; scoredEvent: number }

  beforeAll(async () => {
    ids = await registry.register(topics)
  })

  it('answers', async () => {
    await registry.ping()
  })

  it('returns the same ids for a repeated registration, by us or by another client', async () => {
    expect(await registry.register(topics)).toEqual(ids)
    expect(await createSchemaRegistry({ url }).register(topics)).toEqual(ids)
    expect(ids.textEvent).not.toBe(ids.scoredEvent)
  })

  it('returns the same id to concurrent registrations', async () => {
    const subject = `race-${randomUUID()}`
    const race = Array.from({ length: 8 }, () => createSchemaRegistry({ url }).registerFor(subject, 'text-event'))
    expect(new Set(await Promise.all(race)).size).toBe(1)
  })

  it('decodes both kinds by their id', async () => {
    const value = frame(ids.textEvent, textEventAvro.encode(textEvent()))
    const reader = createSchemaRegistry({ url })
    const decode = await reader.load(readSchemaId(value) ?? 0)
    expect(decode(framedPayload(value))).toStrictEqual(textEvent())
    const scores = await reader.scores.load(ids.scoredEvent)
    expect(scores(scoredEventAvro.encode(scoredEvent()))).toStrictEqual(scoredEvent())
  })

  it('decodes a JSON Schema writer', async () => {
    const id = await registry.registerFor(`json-${randomUUID()}`, 'text-event', 'json')
    const decode = await registry.load(id)
    expect(decode(textEventJson.encode(textEvent()))).toStrictEqual(textEvent())
    expect(thrownBy(() => decode(Buffer.from('{"text":7}'))).code).toBe('VAL_SCHEMA_PAYLOAD_INVALID')
  })

  it('decodes with a schema of another writer, including its references', async () => {
    const run = randomUUID()
    const user = { type: 'record', name: 'User', namespace: 'com.example', fields: [{ name: 'age', type: 'int' }] }
    await post(`/subjects/user-${run}/versions`, { schema: JSON.stringify(user) })
    const writer = {
      type: 'record',
      name: 'TextEvent',
      namespace: 'com.example',
      fields: [
        { name: 'user', type: 'com.example.User' },
        { name: 'text', type: ['null', 'string'] },
      ],
    }
    const references = [{ name: 'com.example.User', subject: `user-${run}`, version: 1 }]
    const { id } = await post(`/subjects/text-${run}/versions`, { schema: JSON.stringify(writer), references })
    const decode = await registry.load(id)
    // age 30, the second branch, two bytes of text
    expect(decode(Buffer.from([60, 2, 4, 0x68, 0x69]))).toMatchObject({ text: 'hi', attributes: {} })
  })

  it("resolves Apicurio's own ids, references included", async () => {
    const run = randomUUID()
    const user = { type: 'record', name: 'User', namespace: 'com.example', fields: [{ name: 'age', type: 'int' }] }
    await post(`/subjects/owner-${run}/versions`, { schema: JSON.stringify(user) })
    const fields = [
      { name: 'owner', type: 'com.example.User' },
      { name: 'text', type: 'string' },
    ]
    const writer = { type: 'record', name: 'TextEvent', namespace: 'com.example', doc: run, fields }
    const references = [{ name: 'com.example.User', subject: `owner-${run}`, version: 1 }]
    await post(`/subjects/own-${run}/versions`, { schema: JSON.stringify(writer), references })
    const core = url.replace(/ccompat.*/, 'registry/v3')
    const version = await fetch(`${core}/groups/default/artifacts/own-${run}/versions/1`)
    const { globalId, contentId } = (await version.json()) as { globalId: number; contentId: number }
    const withoutWaiting = createSchemaRegistry({ url, youngIdMs: 0 })
    for (const id of [`globalId ${globalId}`, `contentId ${contentId}`] as `globalId ${bigint}`[]) {
      expect((await withoutWaiting.load(id))(Buffer.from([60, 4, 0x68, 0x69])).text).toBe('hi')
    }
    for (const id of ['globalId 999999999', 'contentId 999999999', 'contentId or globalId 999999999'] as const) {
      expect((await rejectionOf(withoutWaiting.load(id))).code).toBe('VAL_SCHEMA_UNKNOWN_ID')
    }
    const guid = 'guid 01020304-0506-0708-090a-0b0c0d0e0f10'
    expect((await rejectionOf(withoutWaiting.load(guid))).code).toBe('VAL_SCHEMA_ID_UNRESOLVABLE')
  })

  it('refuses an unknown id, and an id of another schema', async () => {
    const withoutWaiting = createSchemaRegistry({ url, youngIdMs: 0 })
    expect((await rejectionOf(withoutWaiting.load(2_147_483_647))).code).toBe('VAL_SCHEMA_UNKNOWN_ID')
    expect((await rejectionOf(registry.load(2_147_483_647))).code).toBe('VAL_SCHEMA_NOT_YET_KNOWN')
    expect((await rejectionOf(registry.load(ids.scoredEvent))).code).toBe('VAL_SCHEMA_MISMATCH')
    const { id } = await post(`/subjects/other-${randomUUID()}/versions`, { schema: '"string"' })
    expect((await rejectionOf(registry.load(id))).code).toBe('VAL_SCHEMA_MISMATCH')
  })

  it('refuses an incompatible change after our registration', async () => {
    const { fields, ...rest } = embeddedSchemas['text-event'].avro
    const schema = { ...rest, fields: [...fields, { name: 'mandatory', type: 'string' }] }
    const subject = valueSubject(topics.texts)
    await expect(post(`/subjects/${subject}/versions`, { schema: JSON.stringify(schema) })).rejects.toThrow('HTTP 409')
  })

  it('refuses our schema if the subject has another one', async () => {
    const subject = `taken-${randomUUID()}`
    await registry.registerFor(subject, 'scored-event')
    expect(await rejectionOf(registry.registerFor(subject, 'text-event'))).toMatchObject({
      code: 'VAL_SCHEMA_INCOMPATIBLE',
      detail: expect.stringContaining(subject),
    })
  })

  it('is distinguished from another service at the URL', async () => {
    const lost = createSchemaRegistry({ url: new URL('/apis/nothing/here', url).href })
    expect((await rejectionOf(lost.load(ids.textEvent))).code).toBe('VAL_REGISTRY_UNAVAILABLE')
    expect((await rejectionOf(lost.ping())).code).toBe('VAL_REGISTRY_UNAVAILABLE')
  })
})

describe('a registry that dies', () => {
  it('leaves cached decoders usable, and dead-letters nothing', async () => {
    const stack = await startLocalStack({ parts: ['registry'] })
    try {
      const mortal = createSchemaRegistry({ url: stack.registryUrl, timeoutMs: 2_000 })
      const { textEvent: id } = await mortal.register(uniqueTopics())
      const decode = await mortal.load(id)
      await stack.stop()
      for (const call of [() => mortal.load(id + 1), mortal.ping, () => mortal.register(uniqueTopics())]) {
        expect((await rejectionOf(call())).code).toBe('VAL_REGISTRY_UNAVAILABLE')
      }
      expect(await mortal.load(id)).toBe(decode)
      expect(mortal.cached(id)?.(textEventAvro.encode({ text: 'still' })).text).toBe('still')
    } finally {
      await stack.stop()
    }
  })
})
