import { schemaReply, startFakeRegistry, unknownSchemaReply } from '@valence/testing/parts/fake-registry'
import { describe, expect, it } from 'vitest'
import { createSchemaRegistry, embeddedSchemas, scoredEventAvro, textEventAvro } from '../../../src/index.ts'
import { scoredEvent, textEvent } from '../../support/events.ts'
import { rejectionOf } from '../../support/thrown.ts'

const textSchema = embeddedSchemas['text-event'].avro
const scoredSchema = embeddedSchemas['scored-event'].avro

describe('a known schema', () => {
  it('is fetched once, then cached', async () => {
    await using fake = await startFakeRegistry(() => schemaReply(textSchema))
    const registry = createSchemaRegistry({ url: fake.url })
    expect(registry.cached(7)).toBeUndefined()
    const decoder = await registry.load(7)
    expect(decoder(textEventAvro.encode(textEvent()))).toStrictEqual(textEvent())
    expect(registry.cached(7)).toBe(decoder)
    expect(await registry.load(7)).toBe(decoder)
    expect(fake.requests).toEqual(['GET /schemas/ids/7'])
  })

  it('is fetched once for all concurrent callers', async () => {
    await using fake = await startFakeRegistry(() => schemaReply(textSchema))
    const registry = createSchemaRegistry({ url: fake.url })
    const decoders = await Promise.all(Array.from({ length: 100 }, () => registry.load(7)))
    expect(new Set(decoders).size).toBe(1)
    expect(fake.requests).toHaveLength(1)
  })

  it('can be of a scored event', async () => {
    await using fake = await startFakeRegistry(({ path }) =>
      schemaReply(path.endsWith('/7') ? scoredSchema : textSchema),
    )
    const { scores } = createSchemaRegistry({ url: fake.url })
    expect((await scores.load(7))(scoredEventAvro.encode(scoredEvent()))).toStrictEqual(scoredEvent())
    expect(scores.cached(7)).toBeDefined()
    expect((await rejectionOf(scores.load(8))).code).toBe('VAL_SCHEMA_MISMATCH')
  })

  it('of one kind is refused as the other kind', async () => {
    await using fake = await startFakeRegistry(() => schemaReply(scoredSchema))
    const registry = createSchemaRegistry({ url: fake.url })
    await registry.scores.load(7)
    expect(registry.cached(7)).toBeUndefined()
    expect((await rejectionOf(registry.load(7))).code).toBe('VAL_SCHEMA_MISMATCH')
  })
})

describe('an unknown schema that is not waited for', () => {
  it('is fetched again after the negative TTL', async () => {
    let nowMs = 1_000
    await using fake = await startFakeRegistry(() => unknownSchemaReply)
    const clock = { now: () => nowMs }
    const registry = createSchemaRegistry({ url: fake.url, youngIdMs: 0, negativeTtlMs: 500, clock })
    const error = await rejectionOf(registry.load(7))
    expect(error).toMatchObject({ code: 'VAL_SCHEMA_UNKNOWN_ID', detail: 'id 7', deadLetter: true })
    nowMs += 499
    expect((await rejectionOf(registry.load(7))).code).toBe('VAL_SCHEMA_UNKNOWN_ID')
    expect(fake.requests).toHaveLength(1)
    nowMs += 1
    expect((await rejectionOf(registry.load(7))).code).toBe('VAL_SCHEMA_UNKNOWN_ID')
    expect(fake.requests).toHaveLength(2)
  })

  it('can become known', async () => {
    let nowMs = 0
    let isKnown = false
    await using fake = await startFakeRegistry(() => (isKnown ? schemaReply(textSchema) : unknownSchemaReply))
    const registry = createSchemaRegistry({
      url: fake.url,
      youngIdMs: 0,
      negativeTtlMs: 500,
      clock: { now: () => nowMs },
    })
    await rejectionOf(registry.load(7))
    isKnown = true
    nowMs = 500
    expect(await registry.load(7)).toBe(registry.cached(7))
  })

  it.each([0, -1, -2_147_483_648])('with id %d is refused without a request', async (id) => {
    await using fake = await startFakeRegistry(() => unknownSchemaReply)
    expect((await rejectionOf(createSchemaRegistry({ url: fake.url, youngIdMs: 0 }).load(id))).code).toBe(
      'VAL_SCHEMA_UNKNOWN_ID',
    )
    expect(fake.requests).toEqual([])
  })

  it('does not delay other schemas', async () => {
    await using fake = await startFakeRegistry(({ path }) =>
      path.endsWith('/7') ? unknownSchemaReply : schemaReply(textSchema),
    )
    const registry = createSchemaRegistry({ url: fake.url })
    const [refused, loaded] = await Promise.allSettled([registry.load(7), registry.load(8)])
    expect([refused.status, loaded.status]).toEqual(['rejected', 'fulfilled'])
  })
})

describe('an unfit schema', () => {
  it('is compiled again after the negative TTL', async () => {
    let nowMs = 0
    await using fake = await startFakeRegistry(() => schemaReply('"string"'))
    const registry = createSchemaRegistry({ url: fake.url, clock: { now: () => nowMs } })
    expect((await rejectionOf(registry.load(7))).code).toBe('VAL_SCHEMA_MISMATCH')
    await rejectionOf(registry.load(7))
    expect(fake.requests).toHaveLength(1)
    nowMs = 30_000
    await rejectionOf(registry.load(7))
    expect(fake.requests).toHaveLength(2)
  })
})

it('evicts the oldest refusals when damaged records have always new ids', async () => {
  await using fake = await startFakeRegistry(() => unknownSchemaReply)
  const registry = createSchemaRegistry({ url: fake.url, youngIdMs: 0, clock: { now: () => 0 } })
  // Ids below 1 are refused without a request, but cached like the others.
  await Promise.allSettled(Array.from({ length: 10_000 }, (_, index) => registry.load(-index)))
  await rejectionOf(registry.load(7))
  await Promise.allSettled(Array.from({ length: 9_999 }, (_, index) => registry.load(-20_000 - index)))
  await rejectionOf(registry.load(7))
  expect(fake.requests).toHaveLength(1)
  await rejectionOf(registry.load(-40_000))
  await rejectionOf(registry.load(7))
  expect(fake.requests).toHaveLength(2)
})
