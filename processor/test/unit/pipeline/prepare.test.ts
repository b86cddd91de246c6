import { deadLetterHeaders, headerText, recordHeader, ValenceError } from '@valence/schemas'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { describe, expect, it } from 'vitest'
import type { KafkaRecord } from '../../../src/kafka/record.ts'
import { createPrepareStep } from '../../../src/pipeline/prepare.ts'
import type { Refusal } from '../../../src/pipeline/refusal-search.ts'

const from = { topic: 'texts', partition: 0 }
const refused = (times: number): Refusal => ({ code: 'VAL_RECORD_REFUSED_BY_BROKER', detail: 'INVALID_RECORD', times })

/** A record with a key and headers that goes through: as a tombstone, or rejected where it is empty. */
function prepared(record: KafkaRecord, refusal: Refusal | undefined) {
  const prepare = createPrepareStep({
    decode: async (records) => records.map((own) => ({ kind: 'tombstone', record: own })),
    score: async () => [
      record.value?.length === 0
        ? { kind: 'rejected', record, error: new ValenceError('VAL_TEXT_EMPTY') }
        : { kind: 'tombstone', record },
    ],
    encode: (outcomes) =>
      outcomes.map((outcome) => {
        const { key, value, headers } = outcome.record
        if (outcome.kind !== 'rejected') return { topic: 'scores', partition: 0, key, value, headers }
        const { code, message } = outcome.error
        const origin = { ...from, offset: '0', timestamp: null }
        const own = deadLetterHeaders(headers, { code, message, origin, failedAt: 1 })
        return { topic: 'letters', partition: 0, key, value, headers: own }
      }),
  })
  return prepare(from, { records: [record], nextOffset: 1n }, { signal: new AbortController().signal, refusal })
}

const headers = [
  recordHeader('valence-tenant', 'x'.repeat(25_000)),
  recordHeader('valence-origin-story', 'y'),
  recordHeader('plain', 'z'),
]
const record = kafkaRecord(0, { key: Buffer.from('k'), headers })

const ownNames = [
  'valence-error-code',
  'valence-error-message',
  'valence-origin-topic',
  'valence-origin-partition',
  'valence-origin-offset',
  'valence-failed-at',
]

describe('what is prepared for a record that the broker refused', () => {
  it('is its result as long as nothing was refused', async () => {
    expect((await prepared(record, undefined)).outgoing).toMatchObject([
      { topic: 'scores', value: record.value, headers },
    ])
  })

  it('is its dead letter, whole, with the reason that the broker gave', async () => {
    const { outgoing, outcomes } = await prepared(record, refused(1))
    expect(outcomes).toMatchObject([{ kind: 'rejected', error: { code: 'VAL_RECORD_REFUSED_BY_BROKER' } }])
    expect(outgoing).toMatchObject([{ topic: 'letters', key: record.key, value: record.value }])
    expect(outgoing[0]?.headers).toEqual(expect.arrayContaining(headers))
    expect(headerText(outgoing[0]?.headers ?? [], 'valence-error-message')).toContain('INVALID_RECORD')
  })

  it('is a dead letter with key and value, but without the headers of others, when that was refused', async () => {
    const large = kafkaRecord(0, { key: Buffer.alloc(1_025), headers })
    const [letter] = (await prepared(large, refused(2))).outgoing
    expect(letter).toMatchObject({ topic: 'letters', key: large.key, value: large.value })
    expect(letter?.headers.map(({ name }) => name)).toEqual(ownNames)
  })

  it('is a dead letter without content when that was refused as well', async () => {
    const [letter] = (await prepared(record, refused(3))).outgoing
    expect(letter).toMatchObject({ topic: 'letters', key: record.key, value: Buffer.alloc(0) })
    expect(letter?.headers.map(({ name }) => name)).toEqual(ownNames)
  })

  it('leaves the content out at once where the record has no headers of others', async () => {
    const plain = kafkaRecord(0, { key: Buffer.from('k') })
    expect((await prepared(plain, refused(2))).outgoing).toMatchObject([{ key: plain.key, value: Buffer.alloc(0) }])
  })

  it('leaves a large key behind as well', async () => {
    const large = kafkaRecord(0, { key: Buffer.alloc(1_025) })
    expect((await prepared(large, refused(3))).outgoing).toMatchObject([{ key: null }])
  })

  it.each([
    ['of 1,024 bytes', Buffer.alloc(1_024, 'k')],
    ['that is missing', null],
  ])('keeps a key %s', async (_, key) => {
    expect((await prepared(kafkaRecord(0, { key }), refused(3))).outgoing).toMatchObject([
      { key, value: Buffer.alloc(0) },
    ])
  })

  it('is one that leaves out more at once where a dead letter is what was refused, and says why it was rejected before', async () => {
    const [letter] = (await prepared(kafkaRecord(0, { value: Buffer.alloc(0), headers }), refused(1))).outgoing
    expect(headerText(letter?.headers ?? [], 'valence-tenant')).toBeUndefined()
    expect(headerText(letter?.headers ?? [], 'valence-error-message')).toContain('rejected as VAL_TEXT_EMPTY before')
  })
})
