import avro from 'avsc'
import { describe, expect, it } from 'vitest'
import { embeddedSchemas, type TextEvent, textEventJson } from '../../../src/index.ts'
import { compileDecoder } from '../../../src/registry/record-decoder.ts'
import { textEventReader } from '../../../src/registry/record-reader.ts'
import { textEvent } from '../../support/events.ts'
import { rejectionOf, thrownBy } from '../../support/thrown.ts'

interface Field {
  readonly name: string
  readonly type: unknown
}

function record(fields: readonly Field[], extra: object = {}) {
  return { type: 'record', name: 'TextEvent', namespace: 'com.example', fields, ...extra }
}

const text: Field = { name: 'text', type: 'string' }
const bare = { id: null, occurredAt: null, source: null, lang: null, attributes: {} }

function compile(schema: unknown, references: readonly unknown[] = []) {
  return compileDecoder(
    {
      type: 'AVRO',
      text: JSON.stringify(schema),
      references: references.map((reference, index) => ({ name: `r${index}`, text: JSON.stringify(reference) })),
    },
    textEventReader,
  )
}

/** Written by another implementation (stock avsc) with the writer's schema. */
async function read(schema: unknown, value: unknown, references: readonly unknown[] = []): Promise<TextEvent> {
  const registry = {}
  for (const reference of references) avro.Type.forSchema(reference as never, { registry })
  const payload = avro.Type.forSchema(schema as never, { registry }).toBuffer(value)
  return (await compile(schema, references))(payload)
}

const inherited = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__']

/** A string of less than 64 bytes, as Avro writes it. */
const avroString = (value: string) => Buffer.from(`${String.fromCharCode(2 * Buffer.byteLength(value))}${value}`)

describe.each(inherited)('a writer with the name %s', (name) => {
  it('may give it to a field of Avro', async () => {
    const decode = await compile(record([{ name, type: 'string' }, text]))
    expect(decode(Buffer.concat([avroString('own'), avroString('a')]))).toStrictEqual({ ...bare, text: 'a' })
  })

  it('may give it to a type and its symbols, and refer to them', async () => {
    const kind = { type: 'enum', name, symbols: [name, 'b'], default: name }
    const fields = [
      text,
      { name: 'kind', type: kind, default: name },
      { name: 'other', type: ['null', `com.example.${name}`] },
    ]
    const decode = await compile(record(fields))
    expect(decode(Buffer.concat([avroString('a'), Buffer.from([2, 2, 0])]))).toStrictEqual({ ...bare, text: 'a' })
  })

  it('may give it to a property of JSON Schema, and leave it out', async () => {
    const properties = Object.fromEntries([
      ['text', { type: 'string' }],
      [name, { type: 'string' }],
    ])
    const schema = JSON.stringify({ type: 'object', properties, required: ['text'] })
    const decode = await compileDecoder({ type: 'JSON', text: schema, references: [] }, textEventReader)
    expect(decode(Buffer.from('{"text":"a"}'))).toStrictEqual({ ...bare, text: 'a' })
    expect(decode(Buffer.from(`{"text":"a","${name}":"b"}`))).toStrictEqual({ ...bare, text: 'a' })
    // ajv ignores the property `__proto__`.
    if (name === '__proto__') return
    expect(() => decode(Buffer.from(`{"text":"a","${name}":1}`))).toThrow(
      expect.objectContaining({ code: 'VAL_SCHEMA_PAYLOAD_INVALID' }),
    )
  })

  it('can require it in JSON Schema, which inherited properties do not satisfy', async () => {
    const schema = JSON.stringify({ type: 'object', required: ['text', name] })
    const decode = await compileDecoder({ type: 'JSON', text: schema, references: [] }, textEventReader)
    expect(() => decode(Buffer.from('{"text":"a"}'))).toThrow(
      expect.objectContaining({ code: 'VAL_SCHEMA_PAYLOAD_INVALID' }),
    )
  })
})

describe('an Avro writer', () => {
  it('may use our schema', async () => {
    const event = textEvent()
    expect(await read(embeddedSchemas['text-event'].avro, event)).toStrictEqual(event)
  })

  it('may leave out all but the text', async () => {
    expect(await read(record([text]), { text: 'a' })).toStrictEqual({ ...bare, text: 'a' })
  })

  it('may have fields of its own, in any order', async () => {
    const schema = record([
      { name: 'user', type: { type: 'record', name: 'User', fields: [{ name: 'age', type: 'int' }] } },
      { name: 'tags', type: { type: 'array', items: 'string' } },
      text,
      { name: 'flags', type: { type: 'map', values: 'boolean' } },
      { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
      { name: 'id', type: 'string' },
    ])
    const value = { user: { age: 3 }, tags: ['x'], text: 'a', flags: { y: true }, kind: 'B', id: '9' }
    expect(await read(schema, value)).toStrictEqual({ ...bare, text: 'a', id: '9' })
  })

  it('may make any field nullable, but not send null for the text', async () => {
    const schema = record([
      { name: 'text', type: ['null', 'string'] },
      { name: 'attributes', type: ['null', { type: 'map', values: 'string' }] },
    ])
    expect(await read(schema, { text: 'a', attributes: null })).toStrictEqual({ ...bare, text: 'a' })
    expect(await read(schema, { text: 'a', attributes: { k: 'v' } })).toMatchObject({ attributes: { k: 'v' } })
    expect(await rejectionOf(read(schema, { text: null, attributes: null }))).toMatchObject({
      code: 'VAL_RECORD_INVALID',
      detail: 'text must be a string',
    })
  })

  it('may give the time as a plain number or in another unit', async () => {
    expect(
      (await read(record([text, { name: 'occurredAt', type: 'long' }]), { text: 'a', occurredAt: 5 })).occurredAt,
    ).toBe(5)
    expect(
      (await read(record([text, { name: 'occurredAt', type: 'int' }]), { text: 'a', occurredAt: 5 })).occurredAt,
    ).toBe(5)
    const micros = { name: 'occurredAt', type: { type: 'long', logicalType: 'timestamp-micros' } }
    expect((await read(record([text, micros]), { text: 'a', occurredAt: 5_999 })).occurredAt).toBe(5)
  })

  it('may hold an unwrapped and an ambiguous union of its own', async () => {
    const part = (name: string) => ({ type: 'record', name, fields: [{ name: 'n', type: 'int' }] })
    const schema = record([{ name: 'either', type: ['null', part('A'), part('B'), 'int', 'long'] }, text])
    expect(await read(schema, { either: { 'com.example.B': { n: 1 } }, text: 'a' })).toMatchObject({ text: 'a' })
  })

  it('may refer to schemas registered elsewhere', async () => {
    const user = { type: 'record', name: 'User', namespace: 'com.example', fields: [{ name: 'team', type: 'Team' }] }
    const team = { type: 'record', name: 'Team', namespace: 'com.example', fields: [{ name: 'n', type: 'int' }] }
    const schema = record([{ name: 'user', type: 'User' }, text])
    expect(await read(schema, { user: { team: { n: 1 } }, text: 'a' }, [team, user])).toMatchObject({ text: 'a' })
    expect((await rejectionOf(compile(schema))).code).toBe('VAL_SCHEMA_MISMATCH')
  })

  it.each<[string, unknown]>([
    ['a string', 'string'],
    ['a record of another name', record([text], { name: 'Tweet' })],
    ['a record without a text', record([{ name: 'body', type: 'string' }])],
    ['a record whose text is a number', record([{ name: 'text', type: 'int' }])],
    ['a record whose id is a number', record([text, { name: 'id', type: 'long' }])],
    ['a union', ['null', record([text])]],
    ['a map', { type: 'map', values: 'string' }],
    ['no schema', { type: 'nonsense' }],
    ['null', null],
  ])('of %s is a mismatch', async (_what, schema) => {
    expect((await rejectionOf(compile(schema))).code).toBe('VAL_SCHEMA_MISMATCH')
  })

  it('whose schema does not parse is a mismatch', async () => {
    const writer = { type: 'AVRO', text: '{"type":', references: [] }
    expect((await rejectionOf(compileDecoder(writer, textEventReader))).code).toBe('VAL_SCHEMA_MISMATCH')
  })

  it('is refused if the payload does not fit its schema', async () => {
    const decode = await compile(embeddedSchemas['text-event'].avro)
    for (const payload of [Buffer.alloc(0), Buffer.from([0]), Buffer.from('hello'), Buffer.alloc(20, 0xff)]) {
      expect(thrownBy(() => decode(payload)).code).toBe('VAL_SCHEMA_PAYLOAD_INVALID')
    }
  })

  it('with a recursion of its own cannot overflow the stack unseen', async () => {
    const decode = await compile(record([{ name: 'next', type: ['null', 'TextEvent'] }, text]))
    expect(thrownBy(() => decode(Buffer.alloc(1_000_000, 2))).code).toBe('VAL_SCHEMA_PAYLOAD_INVALID')
  })

  it('must follow the rules of texts', async () => {
    expect((await rejectionOf(read(record([text]), { text: ' ' }))).code).toBe('VAL_TEXT_EMPTY')
    expect((await rejectionOf(read(record([text]), { text: 'a'.repeat(65_537) }))).code).toBe('VAL_TEXT_TOO_LARGE')
  })
})

describe('a Protobuf writer', () => {
  it('is a mismatch that names Protobuf', async () => {
    const writer = { type: 'PROTOBUF', text: 'syntax = "proto3";', references: [] }
    expect(await rejectionOf(compileDecoder(writer, textEventReader))).toMatchObject({
      code: 'VAL_SCHEMA_MISMATCH',
      detail: 'a Protobuf message is no TextEvent: set VALENCE_TEXT_FIELD',
    })
  })
})

describe('a JSON Schema writer', () => {
  function compileJson(schema: unknown, references: { name: string; text: string }[] = []) {
    return compileDecoder({ type: 'JSON', text: JSON.stringify(schema), references }, textEventReader)
  }
  const json = (value: unknown) => Buffer.from(JSON.stringify(value))
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    required: ['text'],
    properties: { text: { type: 'string' }, stars: { type: 'integer', maximum: 5 } },
  }

  it('may use our schema', async () => {
    const decode = await compileJson(embeddedSchemas['text-event'].json)
    expect(decode(textEventJson.encode(textEvent()))).toStrictEqual(textEvent())
  })

  it.each([
    'http://json-schema.org/draft-04/schema#',
    'http://json-schema.org/draft-06/schema#',
    'http://json-schema.org/draft-07/schema#',
    'https://json-schema.org/draft/2019-09/schema',
    'https://json-schema.org/draft/2020-12/schema',
    'https://example.com/our-own-draft',
    undefined,
  ])('may use the draft %s', async ($schema) => {
    const decode = await compileJson({ ...schema, $schema, id: 'urn:old', javaType: 'com.example.Text' })
    expect(decode(json({ text: 'a', stars: 3 }))).toStrictEqual({ ...bare, text: 'a' })
    expect(thrownBy(() => decode(json({ text: 'a', stars: 6 })))).toMatchObject({
      code: 'VAL_SCHEMA_PAYLOAD_INVALID',
      detail: '/stars must be <= 5',
    })
  })

  it('may put the record under definitions', async () => {
    const decode = await compileJson({ $ref: '#/definitions/Text', definitions: { Text: schema } })
    expect(decode(json({ text: 'a' }))).toMatchObject({ text: 'a' })
  })

  it('may refer to schemas registered elsewhere', async () => {
    const reference = { name: 'user.json', text: '{"type":"object","required":["name"]}' }
    const properties = { ...schema.properties, user: { $ref: 'user.json' } }
    const decode = await compileJson({ ...schema, properties }, [reference])
    expect(decode(json({ text: 'a', user: { name: 'b' } }))).toMatchObject({ text: 'a' })
    expect(thrownBy(() => decode(json({ text: 'a', user: {} }))).code).toBe('VAL_SCHEMA_PAYLOAD_INVALID')
    expect((await rejectionOf(compileJson({ ...schema, properties }))).code).toBe('VAL_SCHEMA_MISMATCH')
  })

  it('does not collide with another of the same $id', async () => {
    const first = await compileJson({ ...schema, $id: 'urn:valence:same' })
    const second = await compileJson({ ...schema, $id: 'urn:valence:same', required: ['text', 'stars'] })
    expect(first(json({ text: 'a' }))).toMatchObject({ text: 'a' })
    expect(() => second(json({ text: 'a' }))).toThrow()
  })

  it.each<[string, unknown]>([
    ['properties without a text', { type: 'object', properties: { body: { type: 'string' } } }],
    ['a reference to such', { $ref: '#/$defs/B', $defs: { B: { properties: { body: {} } } } }],
    ['a type that does not exist', { type: 'text' }],
    ['a validator that answers later', { ...schema, $async: true }],
    ['a boolean', true],
    ['null', null],
  ])('of %s is a mismatch', async (_what, other) => {
    expect((await rejectionOf(compileJson(other))).code).toBe('VAL_SCHEMA_MISMATCH')
  })

  it.each(['', '{"text":', 'hello', '\u0000'])('with the payload %j is refused', async (payload) => {
    const decode = await compileJson(schema)
    expect(thrownBy(() => decode(Buffer.from(payload)))).toMatchObject({
      code: 'VAL_SCHEMA_PAYLOAD_INVALID',
      detail: 'not JSON',
    })
  })

  it('with a recursion of its own cannot overflow the stack unseen', async () => {
    const decode = await compileJson({ type: 'object', additionalProperties: { $ref: '#' } })
    const deep = `${'{"a":'.repeat(200_000)}{}${'}'.repeat(200_000)}`
    expect(thrownBy(() => decode(Buffer.from(deep))).code).toBe('VAL_SCHEMA_PAYLOAD_INVALID')
  })

  it('with wider rules must follow ours', async () => {
    const decode = await compileJson({ type: 'object' })
    expect(thrownBy(() => decode(json({ text: 7 }))).code).toBe('VAL_RECORD_INVALID')
    expect(thrownBy(() => decode(json({ text: '' }))).code).toBe('VAL_TEXT_EMPTY')
  })
})
