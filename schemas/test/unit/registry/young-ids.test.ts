import {
  type FakeRegistry,
  type Reply,
  schemaReply,
  startFakeRegistry,
  unknownSchemaReply,
} from '@valence/testing/parts/fake-registry'
import { describe, expect, it } from 'vitest'
import { createSchemaRegistry, embeddedSchemas } from '../../../src/index.ts'
import { YoungIds } from '../../../src/registry/young-ids.ts'
import { rejectionOf } from '../../support/thrown.ts'

const known = schemaReply(embeddedSchemas['text-event'].avro)

/** A registry with a clock that the test sets. */
function open(fake: FakeRegistry, options: { negativeTtlMs?: number } = {}) {
  const clock = { ms: 1_000_000, now: () => clock.ms }
  const registry = createSchemaRegistry({ url: fake.url, youngIdMs: 10_000, ...options, clock })
  const codeOf = async (id: number) => (await rejectionOf(registry.load(id))).code
  return { clock, registry, codeOf }
}

describe('an unknown schema id', () => {
  it('can be new: it is retried, and its record is not refused', async () => {
    let reply: Reply = unknownSchemaReply
    await using fake = await startFakeRegistry(() => reply)
    const { clock, registry } = open(fake)
    const error = await rejectionOf(registry.load(7))
    expect(error).toMatchObject({
      code: 'VAL_SCHEMA_NOT_YET_KNOWN',
      retryable: true,
      deadLetter: false,
      detail: 'id 7',
    })
    clock.ms += 9_999
    expect((await rejectionOf(registry.load(7))).retryable).toBe(true)
    expect(fake.requests).toHaveLength(2)
    reply = known
    expect(await registry.load(7)).toBe(registry.cached(7))
  })

  it('is unknown after the wait, for all its records, and is not waited for again', async () => {
    await using fake = await startFakeRegistry(() => unknownSchemaReply)
    const { clock, codeOf } = open(fake, { negativeTtlMs: 30_000 })
    expect(await codeOf(7)).toBe('VAL_SCHEMA_NOT_YET_KNOWN')
    clock.ms += 10_000
    expect(await codeOf(7)).toBe('VAL_SCHEMA_UNKNOWN_ID')
    expect(await codeOf(7)).toBe('VAL_SCHEMA_UNKNOWN_ID')
    expect(fake.requests).toHaveLength(2)
    clock.ms += 30_000
    expect(await codeOf(7)).toBe('VAL_SCHEMA_UNKNOWN_ID')
    expect(fake.requests).toHaveLength(3)
  })

  it('is waited for concurrently with others, each once', async () => {
    await using fake = await startFakeRegistry(() => unknownSchemaReply)
    const { clock, codeOf } = open(fake)
    const ids = Array.from({ length: 50 }, (_, index) => index + 1)
    for (const id of ids) expect(await codeOf(id)).toBe('VAL_SCHEMA_NOT_YET_KNOWN')
    clock.ms += 10_000
    for (const id of ids) expect(await codeOf(id)).toBe('VAL_SCHEMA_UNKNOWN_ID')
  })

  it('is not waited for while damaged records have always new ids', async () => {
    await using fake = await startFakeRegistry(() => unknownSchemaReply)
    const { clock, codeOf } = open(fake)
    let waits = 0
    for (let id = 1; id <= 100; id++) {
      if ((await codeOf(id)) === 'VAL_SCHEMA_UNKNOWN_ID') continue
      waits += 1
      clock.ms += 10_000
      expect(await codeOf(id)).toBe('VAL_SCHEMA_UNKNOWN_ID')
    }
    // At most 1 of 10 minutes is waited.
    expect(waits).toBe(6)
    clock.ms += 600_000
    expect(await codeOf(1_000)).toBe('VAL_SCHEMA_NOT_YET_KNOWN')
  })

  it('below 1 is refused at once', async () => {
    await using fake = await startFakeRegistry(() => unknownSchemaReply)
    for (const id of [0, -1]) {
      expect((await rejectionOf(createSchemaRegistry({ url: fake.url }).load(id))).code).toBe('VAL_SCHEMA_UNKNOWN_ID')
    }
    expect(fake.requests).toEqual([])
  })

  it.each<[string, Reply]>([
    ['401', { status: 401, body: { error_code: 40101, message: 'who are you' } }],
    ['403', { status: 403, body: { error_code: 40301, message: 'not you' } }],
    ['429', { status: 429, body: {} }],
    ['a 404 of a wrong path', { status: 404, body: { error_code: 404, message: 'HTTP 404 Not Found' } }],
  ])('is not what %s means, however long it lasts', async (_name, reply) => {
    await using fake = await startFakeRegistry(() => reply)
    const { clock, codeOf } = open(fake)
    for (let minutes = 0; minutes < 30; minutes += 5) {
      expect(await codeOf(7)).toBe('VAL_REGISTRY_UNAVAILABLE')
      clock.ms += 300_000
    }
  })
})

it('an id that was not requested for a long time is new again', () => {
  const ids = new YoungIds({ youngIdMs: 10, maxIds: 2 })
  expect(ids.mayCome(1, 0)).toBe(true)
  expect(ids.mayCome(1, 1_000_000)).toBe(true)
  expect(ids.mayCome(1, 1_000_010)).toBe(false)
})
