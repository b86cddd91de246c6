import { isUtf8 } from 'node:buffer'
import type { RecordHeader } from '@valence/schemas'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecompressionLimitError, withinBudget } from '../../../../src/kafka/decompression-limit.ts'
import type { DecoderInternals } from '../../../../src/kafka/overlay/decode-messages.ts'
import { type BatchContext, type DecodedRecord, decodeRecord } from '../../../../src/kafka/overlay/decode-record.ts'
import { encodeRecord } from '../../../../src/kafka/overlay/encode-record.ts'
import { type HeaderBytes, recordBytes } from '../../../support/record-bytes.ts'
import { stockModule } from '../../../support/stock-kafkajs.ts'

type Decode = (decoder: object, context: BatchContext) => DecodedRecord

const Decoder = stockModule<DecoderInternals['Decoder']>('protocol/decoder.js')
const stock = stockModule<Decode>('protocol/recordBatch/record/v0/decoder.js')

const context: BatchContext = {
  firstOffset: '9007199254740990',
  firstTimestamp: '1735689600000',
  maxTimestamp: '1735689600999',
  timestampType: 0,
  isControlBatch: false,
  magicByte: 2,
  producerId: '7',
  inTransaction: true,
}

/** As kafkajs calls it: with a cursor over the bytes behind the length. */
function decodeWith(decode: Decode, record: Buffer, of: BatchContext = context): DecodedRecord {
  let lengthBytes = 1
  while ((record[lengthBytes - 1] ?? 0) >= 0x80) lengthBytes += 1
  return decode(new Decoder(record.subarray(lengthBytes)), of)
}

const decode = (record: Buffer, of?: BatchContext) => decodeWith(decodeRecord as unknown as Decode, record, of)
const header = (name: string, value: string | null): HeaderBytes => ({
  name: Buffer.from(name),
  value: value === null ? null : Buffer.from(value),
})

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array))
const inherited = ['constructor', '__proto__', 'toString', 'valueOf', 'hasOwnProperty']
const name = fc.oneof(
  fc.constantFrom('x', 'y', '', '1', '\ufffd', ...inherited).map((text) => Buffer.from(text)),
  fc.string({ unit: 'binary', maxLength: 80 }).map((text) => Buffer.from(text.toWellFormed())),
  bytes,
)
const headers = fc.array(fc.record({ name, value: fc.option(bytes) }), { maxLength: 40 })

/** The list that the bytes of headers are to become. */
function listOf(given: readonly HeaderBytes[]): RecordHeader[] {
  return given.map(({ name: own, value }) => {
    const text = own.toString('utf8')
    return isUtf8(own) ? { name: text, value } : { name: text, value, nameBytes: own }
  })
}

describe('headers of a record', () => {
  it('come out as they were written: each, in order, to the byte', () => {
    fc.assert(
      fc.property(headers, (given) => {
        const { headerList } = decode(recordBytes({ value: Buffer.from('v'), headers: given }))
        expect(headerList).toEqual(listOf(given))
      }),
      { numRuns: 500 },
    )
  })

  it('are written as they came', () => {
    fc.assert(
      fc.property(headers, fc.option(bytes), fc.option(bytes), (given, key, value) => {
        const record = recordBytes({ key, value, headers: given })
        const { headerList } = decode(record)
        expect(encodeRecord({ key, value, headers: headerList }).buffer.toString('hex')).toBe(record.toString('hex'))
      }),
      { numRuns: 500 },
    )
  })

  it('keep their order and repetition, which stock kafkajs loses', () => {
    const record = recordBytes({ headers: [header('x', '1'), header('y', 'm'), header('x', '2')] })
    expect(Object.keys(decodeWith(stock, record).headers)).toEqual(['x', 'y'])
    expect(decode(record).headerList.map(({ name: own, value }) => `${own}=${value}`)).toEqual(['x=1', 'y=m', 'x=2'])
  })

  it.each(inherited)('named %s come out alone; stock kafkajs invents a value', (own) => {
    const record = recordBytes({ headers: [header(own, '1')] })
    expect(decodeWith(stock, record).headers[own]).toHaveLength(2)
    const { headerList, headers: byName } = decode(record)
    expect(headerList).toEqual([{ name: own, value: Buffer.from('1') }])
    expect(Object.entries(byName)).toEqual([[own, Buffer.from('1')]])
  })

  it('by name are what stock kafkajs gives where the names are its friends', () => {
    const given = [header('a', '1'), header('b', ''), header('a', '2'), header('a', null), header('c', null)]
    const record = recordBytes({ headers: given })
    expect({ ...decode(record).headers }).toEqual(decodeWith(stock, record).headers)
  })

  it('by name hold nothing that is not there', () => {
    const { headers: byName, headerList } = decode(recordBytes({}))
    for (const own of inherited) expect(byName[own]).toBeUndefined()
    expect(headerList).toEqual([])
  })

  it('cost what they are: 10,000 of them, and one of a megabyte', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => header(`name-${index % 5_000}`, String(index)))
    const large = { name: Buffer.alloc(1_000_000, 'n'), value: Buffer.alloc(1_000_000, 'v') }
    const { headerList } = decode(recordBytes({ headers: [...many, large] }))
    expect(headerList).toHaveLength(10_001)
    expect(headerList[9_999]).toEqual({ name: 'name-4999', value: Buffer.from('9999') })
    expect(headerList[10_000]?.name).toHaveLength(1_000_000)
  })

  it('count against what the batches of a fetch may unpack to, however small they are', async () => {
    const many = recordBytes({ headers: Array.from({ length: 1_000 }, () => header('', null)) })
    const decodeWithin = (leftBytes: number) => withinBudget({ leftBytes }, async () => decode(many))
    await expect(decodeWithin(100_000)).rejects.toThrow(DecompressionLimitError)
    expect((await decodeWithin(200_000)).headerList).toHaveLength(1_000)
  })

  it('of a damaged record fail instead of filling the memory', () => {
    const record = recordBytes({ headers: [header('x', '1')] })
    const claimsMore = Buffer.concat([record.subarray(0, 6), Buffer.from([0xfe, 0xff, 0xff, 0x7f]), record.subarray(7)])
    expect(() => decode(claimsMore)).toThrow('a record ends within its headers')
  })
})

describe('decodeRecord', () => {
  const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  const digits = fc.bigInt({ min: 0n, max: 2n ** 62n }).map(String)

  it('reads everything else as stock kafkajs does', () => {
    const contexts = fc.record({
      firstOffset: digits,
      firstTimestamp: digits,
      maxTimestamp: digits,
      timestampType: fc.constantFrom(0, 1),
      isControlBatch: fc.boolean(),
    })
    const deltas = fc.record({
      timestampDelta: fc.oneof(long, fc.bigInt({ min: -1_000n, max: 1_000_000n })),
      offsetDelta: fc.bigInt({ min: 0n, max: 2n ** 31n - 1n }),
    })
    fc.assert(
      fc.property(contexts, deltas, fc.option(bytes), fc.option(bytes), (given, delta, key, value) => {
        const record = recordBytes({ ...delta, key, value })
        const of = { ...context, ...given }
        const { headerList: _, headers: byName, ...rest } = decode(record, of)
        const { headers: stockByName, ...stockRest } = decodeWith(stock, record, of)
        expect(rest).toEqual(stockRest)
        expect({ ...byName }).toEqual(stockByName)
      }),
      { numRuns: 500 },
    )
  })
})
