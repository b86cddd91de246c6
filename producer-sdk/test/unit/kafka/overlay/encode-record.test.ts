import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type EncodedRecord, encodeRecord, type RecordContent } from '../../../../src/kafka/overlay/encode-record.ts'
import { recordBytes } from '../../../support/record-bytes.ts'
import { stockModule } from '../../../support/stock-kafkajs.ts'

const stock = stockModule<(record: RecordContent) => EncodedRecord>('protocol/recordBatch/record/v0/index.js')

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const text = fc.string({ unit: 'binary', maxLength: 200 })
const content = fc.oneof(bytes, text, fc.constant(null), fc.constant(undefined))
const header = fc.oneof(bytes, text)
const record = fc.record(
  {
    offsetDelta: fc.nat(2 ** 31 - 1),
    timestampDelta: fc.oneof(fc.integer(), fc.integer({ min: -(2 ** 50), max: 2 ** 50 })),
    key: content,
    value: fc.oneof(content, fc.constant(Buffer.alloc(70_000, 7))),
    headers: fc.dictionary(text, fc.oneof(header, fc.array(header, { maxLength: 4 })), { maxKeys: 80 }),
  },
  { requiredKeys: [] },
)

it('writes the bytes that kafkajs writes', () => {
  fc.assert(
    fc.property(record, (given) => {
      const own = encodeRecord(given)
      expect(own.buffer.toString('hex')).toBe(stock(given).buffer.toString('hex'))
      expect(own.size()).toBe(own.buf.length)
    }),
    { numRuns: 500 },
  )
})

it('writes a list of headers in its order, each as it is', () => {
  const list = [
    { name: 'x', value: Buffer.from('1') },
    { name: '__proto__', value: null },
    { name: '\ufffd', value: Buffer.alloc(0), nameBytes: Buffer.from([0xff]) },
    { name: 'x', value: Buffer.from('2') },
  ]
  const headers = list.map(({ name, value, nameBytes = Buffer.from(name) }) => ({ name: nameBytes, value }))
  const expected = recordBytes({ key: Buffer.from('k'), headers })
  expect(encodeRecord({ key: 'k', value: null, headers: list }).buffer.toString('hex')).toBe(expected.toString('hex'))
})

it('writes a header without a value, on which stock kafkajs throws', () => {
  const given = { value: 'v', headers: { empty: null } }
  expect(() => stock(given)).toThrow(TypeError)
  // Its length is -1, the varint 1, and is the last byte.
  expect(encodeRecord(given).buffer.toString('hex')).toMatch(/0a656d70747901$/)
})
