import { frame, framedPayload, readSchemaId, recordHeader, ValenceError, type WriterSchema } from '@valence/schemas'
import { describe, expect, it } from 'vitest'
import { avroAddition } from '../../../src/enrich/avro-addition.ts'
import { createEnrichRecord, type EnrichableRecord } from '../../../src/enrich/enrich-record.ts'
import { EnrichedIds, type SubjectStrategy } from '../../../src/enrich/enriched-ids.ts'
import { protobufAddition } from '../../../src/enrich/protobuf-addition.ts'
import { addition } from './additions.ts'

const field = { name: 'sentiment', number: 1000 }
const avro = '{"type":"record","name":"a.Review","fields":[{"name":"body","type":"string"}]}'
const pointers = [{ name: 'Inner', subject: 'inner', version: 1 }]
const writers: Readonly<Record<string, WriterSchema>> = {
  1: { type: 'AVRO', text: avro, references: [], pointers },
  2: { type: 'JSON', text: '{"title":"Review"}', references: [] },
  3: {
    type: 'PROTOBUF',
    text: 'syntax="proto3"; message A {} message B { message C {} message D {} }',
    references: [],
  },
  4: { type: 'JSON', text: '{}', references: [] },
  5: { type: 'XML', text: '', references: [] },
}

/** A registry that notes what is registered; each text gets the next id from 101. */
function enricher({ strategy = 'topic' as SubjectStrategy, refusal = undefined as ValenceError | undefined } = {}) {
  const registered: { subject: string; pointers: unknown; text: string }[] = []
  let fetched = 0
  const ids = new EnrichedIds({
    registry: {
      async writerSchema(id) {
        fetched += 1
        return writers[String(id)] ?? (writers[1] as WriterSchema)
      },
      async registerText(subject, schema) {
        if (refusal !== undefined) throw refusal
        registered.push({ subject, pointers: schema.pointers, text: schema.text })
        return 100 + registered.length
      },
    },
    outputTopic: 'out',
    strategy,
    field,
  })
  return { enrich: createEnrichRecord(field, ids), registered, fetched: () => fetched }
}

const record = (
  schemaId: EnrichableRecord['schemaId'],
  payload: Buffer,
  own: Partial<EnrichableRecord> = {},
): EnrichableRecord => ({
  value: frame(1, payload),
  headers: [],
  format: 'schema',
  schemaId,
  payloadOffset: 5,
  ...own,
})

const codeOf = async (call: () => unknown) => {
  try {
    await call()
  } catch (error) {
    return (error as ValenceError).code
  }
  return 'none'
}

describe('enriching a record', () => {
  it('gives Avro the id of the derived schema, and the field behind the payload', async () => {
    const { enrich, registered } = enricher()
    const payload = Buffer.from('\u0004ok')
    const value = (await enrich(record(1, payload)))(addition)
    expect(readSchemaId(value)).toBe(101)
    expect(framedPayload(value)).toEqual(Buffer.concat([payload, avroAddition(addition)]))
    expect(registered).toMatchObject([{ subject: 'out-value', pointers }])
  })

  it('fetches and registers once a schema, whoever asks meanwhile, and then answers at once', async () => {
    const { enrich, registered, fetched } = enricher()
    const [one, two] = [record(1, Buffer.of(0)), record('guid 7', Buffer.of(0))]
    await Promise.all([enrich(one), enrich(one), enrich(two)])
    expect(enrich(one)).toBeTypeOf('function')
    expect([registered.length, fetched()]).toEqual([2, 2])
  })

  it('takes the payload behind an id of eight bytes, or all of the value where a header has the id', async () => {
    const { enrich } = enricher()
    const value = Buffer.from('\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0007\u0004ok')
    for (const offset of [9, 0]) {
      const enriched = (await enrich(record('globalId 7', value, { value, payloadOffset: offset })))(addition)
      expect(enriched).toEqual(frame(101, Buffer.concat([value.subarray(offset), avroAddition(addition)])))
    }
  })

  it('gives JSON with a schema the member and the derived schema', async () => {
    const { enrich, registered } = enricher()
    const value = (await enrich(record(2, Buffer.from('{"a":1}'))))(addition)
    expect(value).toEqual(frame(101, Buffer.from(`{"a":1,"sentiment":${JSON.stringify(addition)}}`)))
    expect(JSON.parse(registered[0]?.text ?? '')).toMatchObject({ title: 'Review', properties: { sentiment: {} } })
  })

  it.each([
    ['00', ['A', 'message A {  ValenceSentiment']],
    ['0202', ['B', 'message D {}   ValenceSentiment']],
    ['040202', ['D', 'message D {  ValenceSentiment']],
  ])('keeps the message indexes %s of Protobuf', async (indexes, [, text]) => {
    const { enrich, registered } = enricher()
    const payload = Buffer.concat([Buffer.from(indexes, 'hex'), Buffer.from('0a026f6b', 'hex')])
    const expected = frame(101, Buffer.concat([payload, protobufAddition(1000, addition)]))
    expect((await enrich(record(3, payload)))(addition)).toEqual(expected)
    expect(registered[0]?.text).toContain(text)
    const header = (bytes: Buffer) => [recordHeader('__value_schema_id', bytes)]
    for (const id of [Buffer.alloc(5), Buffer.concat([Buffer.of(1), Buffer.alloc(16)])]) {
      const headers = header(Buffer.concat([id, Buffer.from(indexes, 'hex')]))
      const inHeader = { value: payload.subarray(indexes.length / 2), payloadOffset: 0, headers }
      expect((await enrich(record(3, payload, inHeader)))(addition)).toEqual(expected)
    }
  })

  it('takes the first message where a header has an id without indexes', async () => {
    const headers = [recordHeader('__value_schema_id', Buffer.alloc(5))]
    const value = Buffer.from('0a026f6b', 'hex')
    const append = await enricher().enrich(record(3, value, { value, payloadOffset: 0, headers }))
    expect(append(addition).subarray(5, 10)).toEqual(Buffer.concat([Buffer.of(0), value]))
  })

  it.each(['', '03', '02', '8080808080', 'ff7f'])('refuses the message indexes %j', async (hex) => {
    const call = () => enricher().enrich(record(3, Buffer.from(hex, 'hex')))
    expect(await codeOf(call)).toBe('VAL_SCHEMA_PAYLOAD_INVALID')
  })

  it('refuses bare texts, unknown kinds of schema, and schemas without a registry', async () => {
    const { enrich } = enricher()
    const value = Buffer.from('text')
    const bare = { value, headers: [], format: 'text', schemaId: undefined, payloadOffset: 0 } as const
    expect(await codeOf(() => enrich(bare))).toBe('VAL_ENRICH_RECORD_REFUSED')
    expect(await codeOf(() => enrich(record(5, value)))).toBe('VAL_ENRICH_RECORD_REFUSED')
    const alone = createEnrichRecord(field, undefined)
    expect(await codeOf(() => alone(record(1, value)))).toBe('VAL_REGISTRY_REQUIRED')
    const json = await alone({ ...bare, value: Buffer.from('{}'), format: 'json' })
    expect(JSON.parse(json(addition).toString())).toEqual({ sentiment: addition })
  })
})

describe('the subject of a derived schema', () => {
  it.each<[SubjectStrategy, string, string]>([
    ['topic', 'out-value', 'out-value'],
    ['record', 'a.Review', 'Review'],
    ['topic-record', 'out-a.Review', 'out-Review'],
  ])('by %s is %s', async (strategy, ofAvro, ofJson) => {
    const { enrich, registered } = enricher({ strategy })
    await enrich(record(1, Buffer.of(0)))
    await enrich(record(2, Buffer.from('{}')))
    expect(registered.map(({ subject }) => subject)).toEqual([ofAvro, ofJson])
  })

  it('has no name of a record for a JSON Schema without a title', async () => {
    const call = () => enricher({ strategy: 'record' }).enrich(record(4, Buffer.from('{}')))
    expect(await codeOf(call)).toBe('VAL_ENRICH_RECORD_REFUSED')
  })
})

describe('a registry that does not take the derived schema', () => {
  it('halts the partition, which is no fault of the record', async () => {
    const refusal = new ValenceError('VAL_SCHEMA_INCOMPATIBLE', 'out-value: HTTP 409')
    const error = await Promise.resolve(enricher({ refusal }).enrich(record(1, Buffer.of(0)))).catch((own) => own)
    expect(error).toMatchObject({ code: 'VAL_ENRICH_SCHEMA_REFUSED', detail: 'out-value: HTTP 409', deadLetter: false })
    expect(error.row.partition).toBe('halt')
  })

  it('makes the record wait while it does not answer', async () => {
    const refusal = new ValenceError('VAL_REGISTRY_UNAVAILABLE')
    expect(await codeOf(() => enricher({ refusal }).enrich(record(1, Buffer.of(0))))).toBe('VAL_REGISTRY_UNAVAILABLE')
  })
})
