import { frame, headerNames, recordHeader, scoredEventAvro, scoredEventJson } from '@valence/schemas'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { describe, expect, it } from 'vitest'
import { originOfLetter, originOfScore } from '../../../../src/jobs/backup/record-origin.ts'

const origin = { topic: 'texts', partition: 3, offset: '17' }
const event = {
  id: 'a',
  occurredAt: null,
  source: null,
  lang: null,
  attributes: {},
  label: 'positive',
  scores: { positive: 1 },
  valence: 1,
  model: { name: 'm', version: '1', sha256: 'abcdef012345' },
  tokens: 3,
  truncated: false,
  scoredAt: 1_735_689_600_000,
  origin,
}

const encodings = {
  JSON: () => scoredEventJson.encode(event),
  Avro: () => frame(7, scoredEventAvro.encode(event)),
}

describe('originOfScore', () => {
  it.each(Object.entries(encodings))('finds the input of a result in %s', (_, encode) => {
    expect(originOfScore(kafkaRecord(0, { value: encode() }))).toEqual(origin)
  })

  it.each([
    ['none', null],
    ['text', Buffer.from('hello')],
    ['half a frame', Buffer.from([0, 0])],
  ])('finds nothing in a record with %s as value', (_, value) => {
    expect(originOfScore(kafkaRecord(0, { value }))).toBeUndefined()
  })
})

describe('originOfLetter', () => {
  const headers = [
    recordHeader(headerNames.originTopic, 'texts'),
    recordHeader(headerNames.originPartition, '3'),
    recordHeader(headerNames.originOffset, '17'),
  ]

  it('reads the headers', () => {
    expect(originOfLetter(kafkaRecord(0, { headers }))).toEqual(origin)
  })

  it.each([0, 1, 2])('finds nothing without header %i', (missing) => {
    expect(originOfLetter(kafkaRecord(0, { headers: headers.toSpliced(missing, 1) }))).toBeUndefined()
  })
})
