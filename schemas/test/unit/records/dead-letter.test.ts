import { describe, expect, it } from 'vitest'
import { type DeadLetter, deadLetterAvro, deadLetterJson } from '../../../src/index.ts'
import { deadLetter } from '../../support/events.ts'
import { thrownBy } from '../../support/thrown.ts'

describe.each([
  ['Avro', deadLetterAvro.encode, deadLetterAvro.decode],
  ['JSON', deadLetterJson.encode, deadLetterJson.parse],
])('a dead letter in %s', (_format, encode, decode) => {
  it('is unchanged after encoding and decoding', () => {
    expect(decode(encode(deadLetter()))).toStrictEqual(deadLetter())
  })

  it('distinguishes empty bytes from null', () => {
    const letter = deadLetter({ key: null, value: Buffer.alloc(0), headers: [] })
    expect(decode(encode(letter))).toStrictEqual(letter)
  })

  it('keeps a repeated header and its order', () => {
    const headers = ['1', '2', '3'].map((digit) => ({ name: 'x', value: Buffer.from(digit) }))
    expect(decode(encode(deadLetter({ headers }))).headers).toStrictEqual(headers)
  })

  it('keeps the name of a header that is not UTF-8', () => {
    const headers = [
      { name: 'a\ufffd', value: Buffer.from('1'), nameBytes: Buffer.from([0x61, 0xff]) },
      { name: 'a\ufffd', value: null },
    ]
    expect(decode(encode(deadLetter({ headers }))).headers).toStrictEqual(headers)
  })

  it('keeps an offset beyond 2^53 and a record without a timestamp', () => {
    const origin = { topic: 't', partition: 0, offset: '9223372036854775807', timestamp: null }
    expect(decode(encode(deadLetter({ origin }))).origin).toStrictEqual(origin)
  })

  it('holds all 256 byte values', () => {
    const value = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
    expect(decode(encode(deadLetter({ value }))).value).toStrictEqual(value)
  })
})

describe('deadLetterJson', () => {
  it('encodes bytes as base64', () => {
    expect(deadLetterJson.toJson(deadLetter({ headers: [{ name: 'n', value: null }] }))).toStrictEqual({
      code: 'VAL_RECORD_JSON_INVALID',
      message: 'The record begins like a JSON object but does not parse',
      origin: { topic: 'sentiment.texts.v1', partition: 3, offset: '42', timestamp: 1_735_689_600_000 },
      failedAt: 1_735_689_601_000,
      key: 'YW5u',
      value: 'e/8A',
      headers: [{ name: 'n', value: null }],
    })
  })

  it('needs no key, value or headers', () => {
    const { key: _key, value: _value, headers: _headers, ...rest } = deadLetterJson.toJson(deadLetter())
    expect(deadLetterJson.parse(rest)).toStrictEqual(deadLetter({ key: null, value: null, headers: [] }))
  })

  it.each<[Record<string, unknown>, string]>([
    [{ code: 7 }, 'code must be a string'],
    [{ message: null }, 'message must be a string'],
    [{ origin: null }, 'origin must be an object'],
    [
      { origin: { topic: 't', partition: 1, offset: '2', timestamp: 'x' } },
      'origin.timestamp must be a time in epoch milliseconds',
    ],
    [{ failedAt: undefined }, 'failedAt must be a time in epoch milliseconds'],
    [{ key: 'not base64!' }, 'key must be a base64 string or null'],
    [{ value: 'YW5' }, 'value must be a base64 string or null'],
    [{ value: 12 }, 'value must be a base64 string or null'],
    [{ headers: {} }, 'headers must be an array'],
    [{ headers: [{ name: 'ok' }, { value: 'YQ==' }] }, 'headers[1].name must be a string'],
    [{ headers: [{ name: 'n', value: '*' }] }, 'headers[0].value must be a base64 string or null'],
    [{ headers: [{ name: 'n', value: null, nameBytes: '*' }] }, 'headers[0].nameBytes must be a base64 string or null'],
    [{ headers: ['n'] }, 'headers[0] must be an object'],
  ])('names the invalid field: %#', (fault, detail) => {
    expect(thrownBy(() => deadLetterJson.parse({ ...deadLetterJson.toJson(deadLetter()), ...fault }))).toMatchObject({
      code: 'VAL_RECORD_INVALID',
      detail,
    })
  })

  it('refuses text instead of bytes', () => {
    const letter = { ...deadLetter(), value: 'text' } as unknown as DeadLetter
    expect(thrownBy(() => deadLetterAvro.encode(letter)).detail).toBe('value must be bytes or null')
  })
})
