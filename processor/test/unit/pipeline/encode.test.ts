import { frame, headerText, readDeadLetter, recordHeader, scoredEventAvro, ValenceError } from '@valence/schemas'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { describe, expect, it } from 'vitest'
import { createEncodeStep } from '../../../src/pipeline/encode.ts'
import type { RecordResult } from '../../../src/pipeline/score-batch.ts'

const from = { topic: 'texts', partition: 2 }
const scored: RecordResult & { kind: 'scored' } = {
  kind: 'scored',
  record: kafkaRecord(41, {
    key: Buffer.from('key'),
    headers: [recordHeader('traceparent', '00-abc'), recordHeader('content-type', 'text/plain')],
  }),
  input: { format: 'json', schemaId: undefined, payloadOffset: 0 },
  event: { id: null, text: 'fine', occurredAt: 5, source: 'web', lang: 'en', attributes: { a: 'b' } },
  sentiment: {
    label: 'positive',
    scores: { negative: 0.1, neutral: 0.2, positive: 0.7 },
    valence: 0.6,
    tokens: 3,
    truncated: false,
    model: { name: 'm', version: '1', sha256: '0123456789ab' },
  },
}

function encoder(scoredEventSchemaId?: number, mode: 'event' | 'enrich' = 'event') {
  const encode = createEncodeStep({
    mode,
    outputTopic: 'scores',
    deadLetterTopic: 'dead',
    scoredEventSchemaId,
    outputPartition: (_topic, key, inputPartition) => (key === null ? inputPartition : key.length),
    now: () => 99,
  })
  return (outcome: RecordResult, source: typeof from) => {
    const record = encode(outcome, source)
    if (record === undefined) throw new Error('nothing is published')
    return record
  }
}

describe('encoding an outcome', () => {
  it('writes an enriched record: what was appended, under the same key, with the headers that are still true', () => {
    const record = encoder(7)({ ...scored, append: (own) => Buffer.from(JSON.stringify(own)) }, from)
    expect(record).toMatchObject({ topic: 'scores', partition: 3, key: Buffer.from('key') })
    expect(record.headers).toEqual(scored.record.headers)
    const { label, scores, valence, model } = scored.sentiment
    const added = { label, scores, valence, model, scoredAt: 99, warnings: [] }
    expect(JSON.parse(String(record.value))).toEqual(added)
    const cut = { ...scored, sentiment: { ...scored.sentiment, truncated: true } }
    const warned = encoder()({ ...cut, append: ({ warnings }) => Buffer.from(String(warnings)) }, from)
    expect(String(warned.value)).toBe('truncated')
  })

  it('writes a scored event as JSON: carried-over fields, the origin, and an id from it where there is none', () => {
    const record = encoder()(scored, from)
    expect(record).toMatchObject({ topic: 'scores', partition: 3, key: Buffer.from('key') })
    expect(record.headers).toEqual([
      recordHeader('traceparent', '00-abc'),
      recordHeader('content-type', 'application/json'),
    ])
    expect(JSON.parse(String(record.value))).toEqual({
      id: 'texts-2-41',
      occurredAt: 5,
      source: 'web',
      lang: 'en',
      attributes: { a: 'b' },
      label: 'positive',
      scores: { negative: 0.1, neutral: 0.2, positive: 0.7 },
      valence: 0.6,
      model: { name: 'm', version: '1', sha256: '0123456789ab' },
      tokens: 3,
      truncated: false,
      scoredAt: 99,
      origin: { topic: 'texts', partition: 2, offset: '41' },
    })
  })

  it('writes Avro in the wire format under the registered id', () => {
    const { value, headers } = encoder(17)(scored, from)
    expect(value?.subarray(0, 5)).toEqual(frame(17, Buffer.alloc(0)))
    expect(scoredEventAvro.decode(value?.subarray(5) as Buffer)).toMatchObject({ id: 'texts-2-41', label: 'positive' })
    expect(headerText(headers, 'content-type')).toBe('application/vnd.confluent.avro')
  })

  it('keeps the original bytes, key and headers of a dead letter and says why and whence', () => {
    const record = kafkaRecord(41, { key: null, value: Buffer.from([0xff, 0]), headers: [recordHeader('x', null)] })
    const letter = encoder()({ kind: 'rejected', record, error: new ValenceError('VAL_RECORD_NOT_UTF8') }, from)
    expect(letter).toMatchObject({ topic: 'dead', partition: 2, key: null, value: Buffer.from([0xff, 0]) })
    expect(letter.headers[0]).toEqual(recordHeader('x', null))
    expect(readDeadLetter(letter)).toMatchObject({
      code: 'VAL_RECORD_NOT_UTF8',
      origin: { topic: 'texts', partition: 2, offset: '41', timestamp: Number(record.timestamp) },
      failedAt: 99,
    })
  })

  it.each([2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), -1n])(
    'says the timestamp %d to the millisecond',
    (timestamp) => {
      const error = new ValenceError('VAL_RECORD_NOT_UTF8')
      const letter = encoder()({ kind: 'rejected', record: kafkaRecord(41, { timestamp }), error }, from)
      expect(headerText(letter.headers, 'valence-origin-timestamp')).toBe(String(timestamp))
    },
  )

  it('leaves what describes the payload of the input with the input: on dead letters and tombstones, not on scores', () => {
    const headers = [
      recordHeader('x', '1'),
      recordHeader('__value_schema_id', Buffer.from([1, 2])),
      recordHeader('constructor', null),
      recordHeader('apicurio.value.globalId', Buffer.alloc(8)),
      recordHeader('x', ''),
      recordHeader('__key_schema_id', Buffer.from([1, 3])),
    ]
    const record = kafkaRecord(1, { headers })
    const own = headers.filter((_, index) => index % 2 === 0 && index < 5)
    const contentType = recordHeader('content-type', 'application/json')
    expect(encoder()({ ...scored, record }, from).headers).toEqual([...own, contentType])
    expect(encoder()({ kind: 'tombstone', record }, from).headers).toEqual(headers)
    const rejected = { kind: 'rejected', record, error: new ValenceError('VAL_TEXT_EMPTY') } as const
    expect(encoder()(rejected, from).headers.slice(0, headers.length)).toEqual(headers)
  })

  it('passes a tombstone on under its key', () => {
    const record = kafkaRecord(1, { key: Buffer.from('ab'), value: null })
    const tombstone = encoder()({ kind: 'tombstone', record }, from)
    expect(tombstone).toMatchObject({ topic: 'scores', partition: 2, value: null })
    // Written at the time of writing: a topic with limits for timestamps refuses an old one.
    expect(tombstone).not.toHaveProperty('timestamp')
  })

  it('publishes nothing of a record without a text that is passed', () => {
    const passed = { kind: 'passed', record: kafkaRecord(41), input: scored.input } as const
    expect(() => encoder()(passed, from)).toThrow('nothing is published')
  })

  it('publishes a record without a text as it is where records are enriched', () => {
    const headers = [recordHeader('__value_schema_id', Buffer.alloc(17)), recordHeader('content-type', 'a/b')]
    const record = kafkaRecord(41, { value: Buffer.from('no text'), headers })
    const passed = encoder(undefined, 'enrich')({ kind: 'passed', record, input: scored.input }, from)
    expect(passed).toMatchObject({ topic: 'scores', value: record.value, headers })
  })
})
