import { describe, expect, it } from 'vitest'
import { frame, readFramedValue, readSchemaIdHeader } from '../../src/index.ts'
import { thrownBy } from '../support/thrown.ts'

const longOf = (id: bigint) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(id)
  return bytes
}
const guidBytes = Buffer.from('010102030405060708090a0b0c0d0e0f10', 'hex')
const guid = 'guid 01020304-0506-0708-090a-0b0c0d0e0f10'
const read = (...headers: [name: string, value: Buffer | string | null][]) =>
  readSchemaIdHeader(
    headers.map(([name, value]) => ({ name, value: value === null ? null : Buffer.from(value as string) })),
  )

describe('an id in front of the payload', () => {
  it('has four bytes, or eight if the first four are zero', () => {
    const payload = Buffer.from('payload')
    expect(readFramedValue(frame(7, payload))).toEqual({ id: 7, payload })
    const long = Buffer.concat([Buffer.of(0), longOf(7n), payload])
    expect(readFramedValue(long)).toEqual({ id: 'contentId or globalId 7', payload })
    expect(readFramedValue(Buffer.concat([Buffer.of(0), longOf(0n)]))?.id).toBe(0)
    expect(readFramedValue(Buffer.from([0, 0, 0, 0, 0, 1]))?.id).toBe(0)
    expect(readFramedValue(payload)).toBeUndefined()
    expect(thrownBy(() => readFramedValue(Buffer.from([0, 0]))).code).toBe('VAL_SCHEMA_PAYLOAD_INVALID')
  })
})

describe('an id in the headers', () => {
  it.each<[string, Parameters<typeof read>, unknown]>([
    ['none', [], undefined],
    [
      'other headers',
      [
        ['traceparent', '00-1'],
        ['__key_schema_id', guidBytes],
        ['apicurio.key.globalId', longOf(1n)],
      ],
      undefined,
    ],
    ["Confluent's GUID", [['__value_schema_id', guidBytes]], guid],
    ['with the message indexes of Protobuf', [['__value_schema_id', Buffer.concat([guidBytes, Buffer.of(0)])]], guid],
    ["Confluent's number", [['__value_schema_id', Buffer.from([0, 0, 0, 1, 2])]], 258],
    ["Apicurio's globalId", [['apicurio.value.globalId', longOf(2n ** 40n)]], 'globalId 1099511627776'],
    [
      "Apicurio's contentId",
      [
        ['apicurio.value.contentId', longOf(3n)],
        ['apicurio.value.encoding', 'BINARY'],
      ],
      'contentId 3',
    ],
    [
      'both of them',
      [
        ['apicurio.value.contentId', longOf(3n)],
        ['apicurio.value.globalId', longOf(4n)],
      ],
      'globalId 4',
    ],
    [
      'one repeated',
      [
        ['apicurio.value.contentId', longOf(3n)],
        ['apicurio.value.contentId', longOf(5n)],
      ],
      'contentId 5',
    ],
    ['a message type alone', [['apicurio.value.msgType', 'com.example.Text']], undefined],
  ])('%s', (_name, headers, id) => {
    expect(read(...headers)).toBe(id)
  })

  it.each<[string, Parameters<typeof read>, string]>([
    ['a GUID that is cut', [['__value_schema_id', guidBytes.subarray(0, 16)]], 'VAL_SCHEMA_ID_UNRESOLVABLE'],
    ['another magic byte', [['__value_schema_id', Buffer.alloc(17, 2)]], 'VAL_SCHEMA_ID_UNRESOLVABLE'],
    ['no value', [['__value_schema_id', null]], 'VAL_SCHEMA_ID_UNRESOLVABLE'],
    ['an id in digits', [['apicurio.value.globalId', '17']], 'VAL_SCHEMA_ID_UNRESOLVABLE'],
    [
      'an artifact by name',
      [
        ['apicurio.value.artifactId', 'texts'],
        ['apicurio.value.version', '1'],
      ],
      'VAL_SCHEMA_ID_UNRESOLVABLE',
    ],
    ['a hash', [['apicurio.value.contentHash', 'abc']], 'VAL_SCHEMA_ID_UNRESOLVABLE'],
    [
      "Avro's JSON",
      [
        ['apicurio.value.contentId', longOf(3n)],
        ['apicurio.value.encoding', 'JSON'],
      ],
      'VAL_RECORD_FORMAT_REFUSED',
    ],
  ])('refuses %s', (_name, headers, code) => {
    expect(thrownBy(() => read(...headers)).code).toBe(code)
  })
})
