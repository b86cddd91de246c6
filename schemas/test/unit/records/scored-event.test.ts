import { describe, expect, it } from 'vitest'
import { defaultEventId, type ScoredEvent, scoredEventAvro, scoredEventJson } from '../../../src/index.ts'
import { scoredEvent } from '../../support/events.ts'
import { thrownBy } from '../../support/thrown.ts'

const offsets = ['0', '9007199254740993', '9223372036854775807']

describe.each([
  ['Avro', scoredEventAvro.encode, scoredEventAvro.decode],
  ['JSON', scoredEventJson.encode, scoredEventJson.parse],
])('a scored event in %s', (_format, encode, decode) => {
  it('is unchanged after encoding and decoding', () => {
    expect(decode(encode(scoredEvent()))).toStrictEqual(scoredEvent())
  })

  it('is unchanged without its optional fields', () => {
    const event = scoredEvent({ occurredAt: null, source: null, lang: null, attributes: {}, origin: null })
    expect(decode(encode(event))).toStrictEqual(event)
  })

  it.each(offsets)('keeps the offset %s exactly', (offset) => {
    const event = scoredEvent({ origin: { topic: 't', partition: 0, offset } })
    expect(decode(encode(event)).origin?.offset).toBe(offset)
  })

  it.each([1_000, 4_090, 10_000, 300_000])('is unchanged with %i characters', (length) => {
    const event = scoredEvent({ attributes: { long: 'ä'.repeat(length), last: 'x' } })
    expect(decode(encode(event))).toStrictEqual(event)
  })

  it('keeps every bit of the probabilities', () => {
    const scores = { a: 0.1 + 0.2, b: Number.MIN_VALUE, c: 1 / 3 }
    expect(decode(encode(scoredEvent({ scores, valence: -1 / 3 })))).toMatchObject({ scores, valence: -1 / 3 })
  })

  it('keeps the label __proto__', () => {
    const scores = JSON.parse('{"__proto__":0.5,"toString":0.5}') as Record<string, number>
    expect(Object.entries(decode(encode(scoredEvent({ scores }))).scores)).toEqual(Object.entries(scores))
  })
})

describe('an invalid scored event', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ id: '' }, 'id must be a string that is not empty'],
    [{ id: null }, 'id must be a string'],
    [{ label: undefined }, 'label must be a string'],
    [{ scores: undefined }, 'scores must be an object'],
    [{ scores: null }, 'scores must be an object'],
    [{ scores: { positive: '0.9' } }, 'scores.positive must be a number'],
    [{ scores: { positive: Number.NaN } }, 'scores.positive must be a number'],
    [{ scores: { positive: Number.POSITIVE_INFINITY } }, 'scores.positive must be a number'],
    [{ valence: 'high' }, 'valence must be a finite number'],
    [{ valence: Number.NaN }, 'valence must be a finite number'],
    [{ model: undefined }, 'model must be an object'],
    [{ model: { name: 'm', version: '1' } }, 'model.sha256 must be a string'],
    [{ tokens: -1 }, 'tokens must be an integer from 0 to 2147483647'],
    [{ tokens: 1.5 }, 'tokens must be an integer from 0 to 2147483647'],
    [{ tokens: 2 ** 31 }, 'tokens must be an integer from 0 to 2147483647'],
    [{ truncated: 0 }, 'truncated must be a boolean'],
    [{ scoredAt: null }, 'scoredAt must be a time in epoch milliseconds'],
    [{ scoredAt: 1e16 }, 'scoredAt must be a time in epoch milliseconds'],
    [{ occurredAt: '2025-01-01' }, 'occurredAt must be a time in epoch milliseconds'],
    [{ attributes: { a: 1 } }, 'attributes.a must be a string'],
    [{ origin: 'topic-1-2' }, 'origin must be an object'],
    [{ origin: { topic: 't', partition: 1 } }, 'origin.offset must be a non-negative 64-bit integer in decimal digits'],
    [
      { origin: { topic: 't', partition: 1, offset: '-1' } },
      'origin.offset must be a non-negative 64-bit integer in decimal digits',
    ],
    [
      { origin: { topic: 't', partition: 1, offset: '9223372036854775808' } },
      'origin.offset must be a non-negative 64-bit integer in decimal digits',
    ],
    [
      { origin: { topic: 't', partition: '1', offset: '2' } },
      'origin.partition must be an integer from 0 to 2147483647',
    ],
  ])('names the invalid field: %#', (fault, detail) => {
    const value = { ...scoredEvent(), ...fault }
    const expected = { code: 'VAL_RECORD_INVALID', detail }
    expect(thrownBy(() => scoredEventJson.parse(value))).toMatchObject(expected)
    expect(thrownBy(() => scoredEventAvro.encode(value as ScoredEvent))).toMatchObject(expected)
  })

  it('is refused in Avro', () => {
    const payload = scoredEventAvro.encode(scoredEvent())
    // Shifted by one byte, lengths and texts are wrong: invalid UTF-8, or the end within a field.
    const codes = [1, 2, 3].map((cut) => thrownBy(() => scoredEventAvro.decode(payload.subarray(cut))).code)
    expect(codes).toEqual(['VAL_RECORD_NOT_UTF8', 'VAL_SCHEMA_PAYLOAD_INVALID', 'VAL_SCHEMA_PAYLOAD_INVALID'])
  })

  it('is valid with fields of a later version', () => {
    expect(scoredEventJson.parse({ ...scoredEvent(), emotion: 'joy' })).toStrictEqual(scoredEvent())
  })
})

describe('defaultEventId', () => {
  it('is topic, partition and offset', () => {
    expect(defaultEventId({ topic: 'sentiment.texts.v1', partition: 3, offset: '9223372036854775807' })).toBe(
      'sentiment.texts.v1-3-9223372036854775807',
    )
  })
})
