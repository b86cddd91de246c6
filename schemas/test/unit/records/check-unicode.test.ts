import avro from 'avsc'
import { describe, expect, it } from 'vitest'
import {
  checkUnicode,
  embeddedSchemas,
  feedbackEventJson,
  readUtf8,
  scoredEventAvro,
  scoredEventJson,
  type TextEventInput,
  textEventAvro,
  textEventJson,
} from '../../../src/index.ts'
import { compileDecoder } from '../../../src/registry/record-decoder.ts'
import { textEventReader } from '../../../src/registry/record-reader.ts'
import { scoredEvent, textEvent } from '../../support/events.ts'
import { thrownBy } from '../../support/thrown.ts'

const lone = 'a\ud800b'
const refusal = { code: 'VAL_RECORD_NOT_UTF8', deadLetter: true }

/** Each text field of a text event with a lone surrogate, and its name in the error. */
const broken: readonly (readonly [field: string, overrides: object])[] = [
  ['id', { id: lone }],
  ['text', { text: lone }],
  ['text', { text: '\udc00' }],
  ['source', { source: lone }],
  ['lang', { lang: lone }],
  ['attributes.k', { attributes: { k: lone } }],
  ['a name in attributes', { attributes: { [lone]: 'v' } }],
]

describe.each(broken)('half a surrogate pair in %s', (field, overrides) => {
  const event = textEvent(overrides as Partial<TextEventInput> as never)
  const detail = `${field} holds half a surrogate pair`

  it('is refused in JSON, where it is spelled as an escape', () => {
    const bytes = Buffer.from(JSON.stringify(event))
    expect(thrownBy(() => textEventJson.parse(bytes))).toMatchObject({ ...refusal, detail })
  })

  it('is not encoded, neither as JSON nor as Avro', () => {
    for (const codec of [textEventJson, textEventAvro]) {
      expect(thrownBy(() => codec.encode(event))).toMatchObject({ ...refusal, detail })
    }
  })

  it('is refused behind a JSON Schema', async () => {
    const schema = JSON.stringify(embeddedSchemas['text-event'].json)
    const decode = await compileDecoder({ type: 'JSON', text: schema, references: [] }, textEventReader)
    expect(thrownBy(() => decode(Buffer.from(JSON.stringify(event))))).toMatchObject({ ...refusal, detail })
  })
})

it.each(['id', 'source', 'lang', 'label'] as const)('half a surrogate pair in %s is no scored event', (field) => {
  const event = scoredEvent({ [field]: lone })
  for (const codec of [scoredEventJson, scoredEventAvro]) {
    expect(thrownBy(() => codec.encode(event))).toMatchObject(refusal)
  }
})

it.each(['id', 'label'])('half a surrogate pair in the %s of a feedback is refused', (field) => {
  const feedback = { id: 'a', label: 'b', [field]: lone }
  expect(thrownBy(() => feedbackEventJson.parse(feedback))).toMatchObject(refusal)
})

describe('bytes that are not UTF-8 in Avro', () => {
  const latin1 = Buffer.from([0x63, 0x61, 0x66, 0xe9])
  // The same record with `bytes` instead of strings, to write invalid UTF-8 under our schema.
  const fields = embeddedSchemas['text-event'].avro.fields.map((field) => ({
    ...field,
    type: JSON.parse(JSON.stringify(field.type).replaceAll('"string"', '"bytes"')),
  }))
  const careless = avro.Type.forSchema({
    type: 'record',
    name: 'TextEvent',
    fields: fields.map(withoutDefault),
  } as never)

  function withoutDefault({ name, type }: { name: string; type: unknown }) {
    return { name, type: name === 'occurredAt' ? ['null', 'long'] : type }
  }

  function payload(overrides: object): Buffer {
    const none = { id: null, text: Buffer.from('fine'), occurredAt: null, source: null, lang: null, attributes: {} }
    return careless.toBuffer({ ...none, ...overrides })
  }

  it.each([
    ['id', { id: latin1 }],
    ['text', { text: latin1 }],
    ['source', { source: latin1 }],
    ['lang', { lang: latin1 }],
    ['a value of attributes', { attributes: { k: latin1 } }],
  ])('are refused as %s', (_field, overrides) => {
    expect(thrownBy(() => textEventAvro.decode(payload(overrides)))).toMatchObject(refusal)
  })

  it('are refused as a name of attributes', () => {
    const bytes = payload({ attributes: { kkkk: Buffer.from('v') } })
    latin1.copy(bytes, bytes.indexOf('kkkk'))
    expect(thrownBy(() => textEventAvro.decode(bytes))).toMatchObject(refusal)
  })

  it.each(['string', { type: 'string', 'avro.java.string': 'String' }, 'bytes', ['null', 'string']])(
    'are refused whatever the writer calls the type: %j',
    async (type) => {
      const schema = { type: 'record', name: 'TextEvent', fields: [{ name: 'text', type }] }
      const decode = await compileDecoder(
        { type: 'AVRO', text: JSON.stringify(schema), references: [] },
        textEventReader,
      )
      const branch = Array.isArray(type) ? [2] : []
      const decoded = (text: Buffer) => decode(Buffer.from([...branch, text.length * 2, ...text]))
      expect(thrownBy(() => decoded(latin1))).toMatchObject(refusal)
      // A lone surrogate in three bytes (CESU-8), as some encoders write it.
      expect(thrownBy(() => decoded(Buffer.from([0x61, 0xed, 0xa0, 0x80])))).toMatchObject(refusal)
      expect(decoded(Buffer.from('café \ufffd 🙂')).text).toBe('café \ufffd 🙂')
    },
  )

  it('are allowed in a field that is not read', async () => {
    const schema = {
      type: 'record',
      name: 'TextEvent',
      fields: ['text', 'other'].map((name) => ({ name, type: 'string' })),
    }
    const decode = await compileDecoder({ type: 'AVRO', text: JSON.stringify(schema), references: [] }, textEventReader)
    expect(decode(Buffer.from([4, 0x68, 0x69, 8, ...latin1])).text).toBe('hi')
  })
})

describe('the rule', () => {
  it('accepts all valid Unicode', () => {
    for (const text of ['', 'a', 'é', '👩‍👩‍👧', '\u202eabc', '❤️', '\ufffd', '\uffff', '\u0000', '\u{10ffff}']) {
      expect(checkUnicode(text, 'x')).toBe(text)
      expect(readUtf8(Buffer.from(text))).toBe(text)
    }
  })

  it('does not quote an invalid name in the error', () => {
    const name = `${'k'.repeat(79)}🙂`
    expect(thrownBy(() => checkUnicode(lone, name)).message.isWellFormed()).toBe(true)
    expect(thrownBy(() => textEventJson.parse({ text: 'a', attributes: { [name]: 7 } })).message.isWellFormed()).toBe(
      true,
    )
  })
})
