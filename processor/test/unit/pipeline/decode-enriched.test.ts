import { frame, recordHeader, type SchemaRegistry, ValenceError } from '@valence/schemas'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { describe, expect, it } from 'vitest'
import type { EnrichableRecord } from '../../../src/enrich/enrich-record.ts'
import { createDecodeStep } from '../../../src/pipeline/decode.ts'

const event = { id: null, text: 'fine', occurredAt: null, source: null, lang: null, attributes: {} }
const registry = { cached: () => () => event } as unknown as SchemaRegistry
const json = Buffer.from('{"text":"fine"}')
const framed = frame(7, Buffer.of(1))
const long = Buffer.concat([Buffer.alloc(8), Buffer.of(7, 1)])
const header = recordHeader('__value_schema_id', Buffer.from('0000000007', 'hex'))

describe('decoding a record that is to be enriched', () => {
  it('tells how its bytes are read, and keeps how they take the sentiment', async () => {
    const seen: EnrichableRecord[] = []
    const append = () => Buffer.of(1)
    const decode = createDecodeStep({
      registry,
      format: 'auto',
      enrich(record) {
        seen.push(record)
        return seen.length % 2 === 0 ? append : Promise.resolve(append)
      },
    })
    const values = [json, Buffer.from('fine'), framed, long]
    const records = [
      ...values.map((value) => kafkaRecord(1, { value })),
      kafkaRecord(2, { value: json, headers: [header] }),
    ]
    const decoded = await decode([
      ...records,
      kafkaRecord(3, { value: null }),
      kafkaRecord(4, { value: Buffer.from('{') }),
    ])
    expect(seen.map(({ format, schemaId, payloadOffset }) => [format, schemaId, payloadOffset])).toEqual([
      ['json', undefined, 0],
      ['text', undefined, 0],
      ['schema', 7, 5],
      ['schema', 'contentId or globalId 7', 9],
      ['schema', 7, 0],
    ])
    expect(seen.map(({ value }) => value)).toEqual([...values, json])
    expect(seen[4]?.headers).toEqual([header])
    expect(decoded.map((item) => (item.kind === 'text' ? item.append : item.kind))).toEqual([
      ...Array(5).fill(append),
      'tombstone',
      'rejected',
    ])
  })

  const decodeRefusing = (code: ConstructorParameters<typeof ValenceError>[0]) => {
    const enrich = () => {
      throw new ValenceError(code)
    }
    return createDecodeStep({ registry, format: 'auto', enrich })([kafkaRecord(1, { value: json })])
  }

  it('rejects a record alone that cannot take it, before its text is scored', async () => {
    expect(await decodeRefusing('VAL_ENRICH_FIELD_TAKEN')).toMatchObject([
      { kind: 'rejected', error: { code: 'VAL_ENRICH_FIELD_TAKEN' } },
    ])
  })

  it.each(['VAL_ENRICH_SCHEMA_REFUSED', 'VAL_REGISTRY_UNAVAILABLE'] as const)('rejects none for %s', async (code) => {
    await expect(decodeRefusing(code)).rejects.toMatchObject({ code })
  })
})
