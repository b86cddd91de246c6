import { describe, expect, it } from 'vitest'
import { checkText, maxTextBytes, type TextEventInput, textEventAvro, textEventJson } from '../../../src/index.ts'
import { textEvent } from '../../support/events.ts'
import { thrownBy } from '../../support/thrown.ts'

const bare = { id: null, occurredAt: null, source: null, lang: null, attributes: {} }

describe('checkText', () => {
  it.each(['a', ' a ', '🙂', 'é', '\u0000x', 'ﷺ'])('accepts %j', (text) => {
    expect(checkText(text)).toBe(text)
  })

  it.each(['', ' ', '\n\t\r', '\u00a0\u2003\u3000', '\ufeff'])('refuses blank %j', (text) => {
    expect(thrownBy(() => checkText(text)).code).toBe('VAL_TEXT_EMPTY')
  })

  it('counts bytes of UTF-8, not characters', () => {
    expect(checkText('a'.repeat(maxTextBytes))).toHaveLength(65_536)
    expect(checkText('é'.repeat(32_768))).toHaveLength(32_768)
    expect(thrownBy(() => checkText('a'.repeat(maxTextBytes + 1))).code).toBe('VAL_TEXT_TOO_LARGE')
    expect(thrownBy(() => checkText('é'.repeat(32_769)))).toMatchObject({
      code: 'VAL_TEXT_TOO_LARGE',
      detail: '65538 bytes',
    })
    expect(thrownBy(() => checkText('🙂'.repeat(16_385))).code).toBe('VAL_TEXT_TOO_LARGE')
  })

  it('refuses a large text of white space as too large', () => {
    expect(thrownBy(() => checkText(' '.repeat(maxTextBytes + 1))).code).toBe('VAL_TEXT_TOO_LARGE')
  })

  it('refuses a lone surrogate', () => {
    expect(thrownBy(() => checkText('a\ud83d')).code).toBe('VAL_RECORD_NOT_UTF8')
  })
})

describe('textEventJson.parse', () => {
  it('sets defaults for missing fields', () => {
    expect(textEventJson.parse({ text: 'fine' })).toStrictEqual({ ...bare, text: 'fine' })
  })

  it('treats null as missing', () => {
    const nulls = { id: null, text: 'fine', occurredAt: null, source: null, lang: null, attributes: null }
    expect(textEventJson.parse(nulls)).toStrictEqual({ ...bare, text: 'fine' })
  })

  it('treats an empty id as missing', () => {
    expect(textEventJson.parse({ id: '', text: 'fine' }).id).toBeNull()
  })

  it('ignores unknown fields', () => {
    expect(textEventJson.parse({ text: 'fine', label: 'positive', nested: { a: [1] } })).toStrictEqual({
      ...bare,
      text: 'fine',
    })
  })

  it('reads the bytes of a JSON object', () => {
    const bytes = Buffer.from(' {"text":"ça va 🙂","id":"7"}\n')
    expect(textEventJson.parse(bytes)).toStrictEqual({ ...bare, id: '7', text: 'ça va 🙂' })
  })

  it('reads bytes after a byte order mark', () => {
    expect(textEventJson.parse(Buffer.from('\ufeff \n{"text":"a"}')).text).toBe('a')
  })

  it('reads bytes that are a view into a larger buffer', () => {
    const fetched = Buffer.from('xxxx{"text":"here"}yyyy')
    expect(textEventJson.parse(fetched.subarray(4, -4)).text).toBe('here')
    expect(textEventJson.parse(new Uint8Array(fetched.subarray(4, -4))).text).toBe('here')
  })

  it.each([
    ['{"text":', 'VAL_RECORD_JSON_INVALID'],
    ['{text: 1}', 'VAL_RECORD_JSON_INVALID'],
    ['', 'VAL_RECORD_JSON_INVALID'],
    ['[]', 'VAL_RECORD_JSON_INVALID'],
    ['[{"text":"a"}]', 'VAL_RECORD_JSON_INVALID'],
    ['null', 'VAL_RECORD_JSON_INVALID'],
    ['"text"', 'VAL_RECORD_JSON_INVALID'],
    ['7', 'VAL_RECORD_JSON_INVALID'],
    ['\u00a0{"text":"a"}', 'VAL_RECORD_JSON_INVALID'],
  ])('refuses the bytes of %j as %s', (json, code) => {
    expect(thrownBy(() => textEventJson.parse(Buffer.from(json))).code).toBe(code)
  })

  it('refuses bytes that are not UTF-8 before it parses them', () => {
    const bytes = Buffer.concat([Buffer.from('{"text":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')])
    expect(thrownBy(() => textEventJson.parse(bytes)).code).toBe('VAL_RECORD_NOT_UTF8')
  })

  it.each([
    [{}, 'text must be a string'],
    [{ text: null }, 'text must be a string'],
    [{ text: 7 }, 'text must be a string'],
    [{ text: ['a'] }, 'text must be a string'],
    [{ text: 'a', id: 7 }, 'id must be a string or null'],
    [{ text: 'a', source: {} }, 'source must be a string or null'],
    [{ text: 'a', lang: false }, 'lang must be a string or null'],
    [{ text: 'a', attributes: [] }, 'attributes must be an object'],
    [{ text: 'a', attributes: 'x' }, 'attributes must be an object'],
    [{ text: 'a', attributes: { ok: 'x', count: 3 } }, 'attributes.count must be a string'],
    [{ text: 'a', attributes: { nothing: null } }, 'attributes.nothing must be a string'],
  ])('names the invalid field in %j', (value, detail) => {
    expect(thrownBy(() => textEventJson.parse(value))).toMatchObject({ code: 'VAL_RECORD_INVALID', detail })
  })

  it('quotes no value in the error, and shortens a long name', () => {
    const error = thrownBy(() => textEventJson.parse({ text: 'my secret', attributes: { ['k'.repeat(5_000)]: 42 } }))
    expect(error.message).not.toContain('secret')
    expect(error.message).not.toContain('42')
    expect(error.message.length).toBeLessThan(200)
  })

  it.each([
    ['{"text":""}', 'VAL_TEXT_EMPTY'],
    ['{"text":" \\n"}', 'VAL_TEXT_EMPTY'],
    [`{"text":"${'a'.repeat(65_537)}"}`, 'VAL_TEXT_TOO_LARGE'],
  ])('checks the text', (json, code) => {
    expect(thrownBy(() => textEventJson.parse(Buffer.from(json))).code).toBe(code)
  })

  it('keeps an attribute named like a setter without running it', () => {
    const event = textEventJson.parse(
      Buffer.from('{"text":"a","__proto__":{"polluted":1},"attributes":{"__proto__":"x","constructor":"y"}}'),
    )
    expect(Object.getOwnPropertyNames(event.attributes)).toEqual(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(event.attributes)).toBe(Object.prototype)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})

describe('occurredAt', () => {
  it.each([
    [0, 0],
    [-1, -1],
    [1_735_689_600_123, 1_735_689_600_123],
    [1_735_689_600_123.9, 1_735_689_600_123],
    ['2025-01-01', 1_735_689_600_000],
    ['2025-01-01T00:00Z', 1_735_689_600_000],
    ['2025-01-01T00:00:00Z', 1_735_689_600_000],
    ['2025-01-01T00:00:00.123Z', 1_735_689_600_123],
    ['2025-01-01T00:00:00.123456Z', 1_735_689_600_123],
    ['2025-01-01 01:00:00+01:00', 1_735_689_600_000],
    ['2024-12-31T19:00:00-05:00', 1_735_689_600_000],
    ['2024-02-29T00:00:00Z', 1_709_164_800_000],
    ['1969-12-31T23:59:59.999Z', -1],
    [new Date(5), 5],
    ['2025-01-01T01:00:00+0100', 1_735_689_600_000],
    ['2025-01-01T01:00:00+01', 1_735_689_600_000],
    ['2025-01-01T01:00+0100', 1_735_689_600_000],
    ['2024-12-31T18:30:00.5-0530', 1_735_689_600_500],
    ['2025-01-01t00:00:00z', 1_735_689_600_000],
    ['2025-01-01 00:00:00Z', 1_735_689_600_000],
    ['2025-01-01T00:00:00,123Z', 1_735_689_600_123],
    ['2025-01-01T00:00:00.123999999Z', 1_735_689_600_123],
    ['2025-01-01T00:00:00.1Z', 1_735_689_600_100],
    ['2025-01-01T00:00:00-00:00', 1_735_689_600_000],
    ['2024-12-31T24:00:00Z', 1_735_689_600_000],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000],
    ['9999-12-31T23:59:59.999Z', 253_402_300_799_999],
    [-62_135_596_800_000, -62_135_596_800_000],
    [253_402_300_799_999, 253_402_300_799_999],
    [253_402_300_799_999.9, 253_402_300_799_999],
  ])('reads %s as %d', (occurredAt, expected) => {
    expect(textEventJson.parse({ text: 'a', occurredAt }).occurredAt).toBe(expected)
  })

  it.each([
    '2025-01-01T00:00:00',
    '2025-02-30T00:00:00Z',
    '2025-13-01',
    '2025-01-01T25:00:00Z',
    '01/02/2025',
    'yesterday',
    '',
    '1735689600123',
    true,
    {},
    Number.NaN,
    new Date('nonsense'),
    '2016-12-31T23:59:60Z',
    '2025-01-01T24:00:01Z',
    '2025-01-01T00:00:00+25:00',
    '2025-01-01T00:00:00+01:60',
    '2025-01-01T00:00:00 +01:00',
    '2025-01-01T00:00:00+1',
    '2025-01-01T00Z',
    '20250101T000000Z',
    '2025-W01-1',
    '2025-01-01T00:00:00.1234567891Z',
    '2025-01-01T00:00:00Z\n',
    '+012025-01-01T00:00:00Z',
    '１２３４-01-01',
  ])('refuses %s', (occurredAt) => {
    expect(thrownBy(() => textEventJson.parse({ text: 'a', occurredAt }))).toMatchObject({
      code: 'VAL_RECORD_INVALID',
      detail: 'occurredAt must be epoch milliseconds, or ISO 8601 with a time zone',
    })
  })
})

it.each([
  '0000-12-31T23:59:59Z',
  '0001-01-01T00:00:00+00:01',
  '9999-12-31T23:59:59.999-00:01',
  '9999-12-31T24:00:00Z',
  -62_135_596_800_001,
  253_402_300_800_000,
  1_735_689_600_123_456,
  1.7e18,
  Number.POSITIVE_INFINITY,
  new Date(8.64e15),
])('occurredAt of %s is outside of the years 1 to 9999', (occurredAt) => {
  const refusal = { code: 'VAL_RECORD_INVALID', detail: 'occurredAt must be in the years 1 to 9999' }
  expect(thrownBy(() => textEventJson.parse({ text: 'a', occurredAt }))).toMatchObject(refusal)
  for (const codec of [textEventJson, textEventAvro]) {
    expect(thrownBy(() => codec.encode({ text: 'a', occurredAt }))).toMatchObject(refusal)
  }
})

describe('textEventAvro', () => {
  it('is unchanged after encoding and decoding', () => {
    const event = textEvent({ attributes: JSON.parse('{"__proto__":"x","é":"ü"}') })
    expect(textEventAvro.decode(textEventAvro.encode(event))).toStrictEqual(event)
  })

  it('needs only the text', () => {
    expect(textEventAvro.decode(textEventAvro.encode({ text: 'a' }))).toStrictEqual({ ...bare, text: 'a' })
  })

  it('keeps times before the epoch and at the ends of the calendar', () => {
    for (const occurredAt of [-1, -62_135_596_800_000, 253_402_300_799_999]) {
      expect(textEventAvro.decode(textEventAvro.encode({ text: 'a', occurredAt })).occurredAt).toBe(occurredAt)
    }
  })

  it.each([
    [{ text: '' }, 'VAL_TEXT_EMPTY'],
    [{ text: 'a'.repeat(65_537) }, 'VAL_TEXT_TOO_LARGE'],
    [{ text: 'a', attributes: { n: 1 } }, 'VAL_RECORD_INVALID'],
    [{ text: 'a', occurredAt: 'soon' }, 'VAL_RECORD_INVALID'],
  ])('refuses to encode what it would not decode: %#', (input, code) => {
    expect(thrownBy(() => textEventAvro.encode(input as unknown as TextEventInput)).code).toBe(code)
    expect(thrownBy(() => textEventJson.encode(input as unknown as TextEventInput)).code).toBe(code)
  })

  it('refuses a truncated, an extended and a foreign payload', () => {
    const payload = textEventAvro.encode(textEvent())
    for (const bad of [payload.subarray(0, -1), Buffer.concat([payload, Buffer.from([0])]), Buffer.from('hello')]) {
      expect(thrownBy(() => textEventAvro.decode(bad)).code).toBe('VAL_SCHEMA_PAYLOAD_INVALID')
    }
  })

  it('checks decoded texts', () => {
    // id null, text of zero length, the rest null and empty
    expect(thrownBy(() => textEventAvro.decode(Buffer.from([0, 0, 0, 0, 0, 0]))).code).toBe('VAL_TEXT_EMPTY')
  })
})

describe('textEventJson.encode', () => {
  it('is unchanged after encoding and decoding', () => {
    const event = textEvent({ attributes: JSON.parse('{"__proto__":"x"}') })
    expect(textEventJson.parse(textEventJson.encode(event))).toStrictEqual(event)
  })

  it('writes times as epoch milliseconds', () => {
    expect(JSON.parse(textEventJson.encode({ text: 'a', occurredAt: '2025-01-01' }).toString())).toStrictEqual({
      ...bare,
      text: 'a',
      occurredAt: 1_735_689_600_000,
    })
  })
})
