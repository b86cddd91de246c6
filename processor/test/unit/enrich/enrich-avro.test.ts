import avro from 'avsc'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { avroAddition } from '../../../src/enrich/avro-addition.ts'
import { deriveAvroSchema } from '../../../src/enrich/derive-avro.ts'
import { addition, additions, codeOf } from './additions.ts'
import { recordSchemas, valuesOf } from './random-avro.ts'

const derive = (schema: unknown, references: unknown[] = [], field = 'sentiment') =>
  deriveAvroSchema(
    JSON.stringify(schema),
    references.map((reference) => JSON.stringify(reference)),
    field,
  )
const typeOf = (schema: string) => avro.Type.forSchema(JSON.parse(schema), { wrapUnions: 'always' })
const review = { type: 'record', name: 'Review', namespace: 'org.example', fields: [{ name: 'body', type: 'string' }] }

describe('the derived schema', () => {
  it('is the text of the writer with one nullable field at its end', () => {
    const text =
      '{"doc": "a \\u0041", "type": "record", "name": "R", "fields": [ {"name":"n","type":"double","default":1.50} ] , "x": 12345678901234567890}'
    const { text: derived, fullName } = deriveAvroSchema(text, [], 'mood')
    const at = text.indexOf(']')
    expect(derived.startsWith(`${text.slice(0, at)},{"name":"mood","type":["null",{`)).toBe(true)
    expect(derived.endsWith(`}],"default":null}${text.slice(at)}`)).toBe(true)
    expect(fullName).toBe('R')
  })

  it.each([
    [{ ...review }, 'org.example.Review'],
    [{ ...review, name: 'a.b.Review' }, 'a.b.Review'],
    [{ ...review, namespace: '' }, 'Review'],
    [{ ...review, fields: [] }, 'org.example.Review'],
  ])('of %j is named %s', (schema, fullName) => {
    expect(derive(schema).fullName).toBe(fullName)
    expect(() => typeOf(derive(schema).text)).not.toThrow()
  })

  it.each([
    [['null', review], 'union'],
    ['string', 'string'],
    [{ type: 'map', values: 'string' }, 'map'],
    [{ type: 'enum', name: 'E', symbols: ['A'], fields: [] }, 'enum'],
    [{ type: review }, 'schema of another form'],
  ])('does not exist for %j', (schema, kind) => {
    expect(codeOf(() => derive(schema))).toBe('VAL_ENRICH_RECORD_REFUSED')
    expect(() => derive(schema)).toThrow(`an Avro ${kind}, not a record`)
  })

  it.each([
    { ...review, fields: [{ name: 'sentiment', type: 'string' }] },
    { ...review, fields: [{ name: 'mood', aliases: ['sentiment'], type: 'string' }] },
  ])('does not exist where the field is taken: %j', (schema) => {
    expect(codeOf(() => derive(schema))).toBe('VAL_ENRICH_FIELD_TAKEN')
    expect(codeOf(() => derive(schema, [], 'valence'))).toBe('none')
  })

  it('gives its types other names where the record was enriched before, at its root, inside or in a reference', () => {
    const once = derive(review).text
    const twice = deriveAvroSchema(once, [], 'second').text
    expect(twice).toContain('"Sentiment2"')
    expect(() => typeOf(twice)).not.toThrow()
    const around = {
      type: 'record',
      name: 'Around',
      fields: [{ name: 'inner', type: { type: 'array', items: JSON.parse(once) } }],
    }
    expect(() => typeOf(derive(around).text)).not.toThrow()
    expect(derive({ ...review, name: 'Other' }, [JSON.parse(once)]).text).toContain('"Model2"')
    const alias = { type: 'enum', name: 'E', namespace: 'io.valence.enriched.v1', aliases: ['Model'], symbols: ['A'] }
    expect(derive({ ...review, fields: [{ name: 'e', type: alias }] }).text).toContain('"Sentiment2"')
  })
})

describe('a sentiment behind an Avro payload', () => {
  it('is one field more, and null for the records before', () => {
    const type = typeOf(derive(review).text)
    const input = typeOf(JSON.stringify(review)).toBuffer({ body: 'fine' })
    const value = type.fromBuffer(Buffer.concat([input, avroAddition(addition)]))
    expect(value).toEqual({ body: 'fine', sentiment: { 'io.valence.enriched.v1.Sentiment': addition } })
    const resolver = type.createResolver(typeOf(JSON.stringify(review)))
    expect(type.fromBuffer(input, resolver)).toEqual({ body: 'fine', sentiment: null })
  })

  it('leaves the bytes of any record, and avsc reads the same record and one field more', () => {
    const cases = recordSchemas.chain((schema) =>
      fc.tuple(fc.constant(schema), fc.array(fc.tuple(valuesOf(schema), additions), { minLength: 10, maxLength: 10 })),
    )
    fc.assert(
      fc.property(cases, ([schema, rows]) => {
        const [before, after] = [typeOf(JSON.stringify(schema)), typeOf(derive(schema).text)]
        for (const [value, own] of rows) {
          const input = before.toBuffer(value)
          const output = after.fromBuffer(Buffer.concat([input, avroAddition(own)]))
          const { sentiment, ...rest } = output
          expect(before.toBuffer(rest)).toEqual(input)
          expect(sentiment).toEqual({ 'io.valence.enriched.v1.Sentiment': own })
        }
      }),
      { numRuns: 1_000 },
    )
  })
})
