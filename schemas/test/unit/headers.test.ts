import { describe, expect, it } from 'vitest'
import {
  type DeadLetterFacts,
  deadLetterHeaders,
  deadLetterJson,
  headerNames,
  headerText,
  originalHeaders,
  ownHeaders,
  parseDeadLetterHeaders,
  type RecordHeaders,
  readDeadLetter,
  recordHeader,
  withHeader,
} from '../../src/index.ts'
import { thrownBy } from '../support/thrown.ts'

const facts: DeadLetterFacts = {
  code: 'VAL_TEXT_EMPTY',
  message: 'The text is empty',
  origin: { topic: 'texts', partition: 3, offset: '9223372036854775807', timestamp: 1_735_689_600_000 },
  failedAt: 1_735_689_601_000,
}

const traceParent = recordHeader('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')

/** Inherited names, a repeated name with others between, a null value, an empty name and value, bytes that are no UTF-8. */
const awkward: RecordHeaders = [
  recordHeader('constructor', '1'),
  recordHeader('x', '1'),
  recordHeader('__proto__', '2'),
  recordHeader('x', null),
  recordHeader('', ''),
  recordHeader('x', Buffer.from([0xff, 0])),
  { name: '\ufffd', value: Buffer.from('3'), nameBytes: Buffer.from([0xff]) },
  recordHeader('valence-other', 'kept'),
]

describe('deadLetterHeaders', () => {
  it('appends error and origin to the original headers', () => {
    expect(deadLetterHeaders([traceParent], facts)).toStrictEqual([
      traceParent,
      recordHeader('valence-error-code', 'VAL_TEXT_EMPTY'),
      recordHeader('valence-error-message', 'The text is empty'),
      recordHeader('valence-origin-topic', 'texts'),
      recordHeader('valence-origin-partition', '3'),
      recordHeader('valence-origin-offset', '9223372036854775807'),
      recordHeader('valence-origin-timestamp', '1735689600000'),
      recordHeader('valence-failed-at', '1735689601000'),
    ])
  })

  it('leaves out a timestamp that the record does not have', () => {
    const headers = deadLetterHeaders([], { ...facts, origin: { ...facts.origin, timestamp: null } })
    expect(headers.map(({ name }) => name)).not.toContain(headerNames.originTimestamp)
    expect(parseDeadLetterHeaders(headers).origin.timestamp).toBeNull()
  })

  it.each([8.64e15 + 1, -8.64e15 - 1, 2 ** 63, -(2 ** 63)])(
    'reads the timestamp %d, outside the range of Date, as null',
    (timestamp) => {
      const headers = deadLetterHeaders([], { ...facts, origin: { ...facts.origin, timestamp } })
      const letter = readDeadLetter({ value: null, headers })
      expect(letter.origin.timestamp).toBeNull()
      expect(deadLetterJson.toJson(letter)).toMatchObject({ origin: { timestamp: null } })
    },
  )

  it('refuses a time of failure outside the range of Date', () => {
    const headers = deadLetterHeaders([], { ...facts, failedAt: 8.64e15 + 1 })
    expect(thrownBy(() => parseDeadLetterHeaders(headers))).toMatchObject({ code: 'VAL_RECORD_INVALID' })
  })

  it('replaces the headers of an earlier failure', () => {
    const once = deadLetterHeaders([recordHeader(headerNames.originTimestamp, '5'), ...awkward], facts)
    const later = {
      ...facts,
      code: 'VAL_INFERENCE_FAILED',
      origin: { topic: 'b', partition: 0, offset: '1', timestamp: null },
    }
    const twice = deadLetterHeaders(once, later)
    expect(parseDeadLetterHeaders(twice)).toStrictEqual(later)
    expect(twice.slice(0, awkward.length)).toStrictEqual(awkward)
  })

  it('keeps every header unchanged and in order, and does not modify its input', () => {
    const original = [...awkward]
    expect(deadLetterHeaders(original, facts).slice(0, awkward.length)).toStrictEqual(awkward)
    expect(original).toStrictEqual(awkward)
  })

  it('cuts a long message, and no character in half', () => {
    const message = `${'a'.repeat(1_023)}🙂${'b'.repeat(1_000_000)}`
    const text = headerText(deadLetterHeaders([], { ...facts, message }), headerNames.errorMessage)
    expect(text).toBe(`${'a'.repeat(1_023)}\ufffd`)
  })
})

describe('parseDeadLetterHeaders', () => {
  it('reads the written headers', () => {
    expect(parseDeadLetterHeaders(deadLetterHeaders(awkward, facts))).toStrictEqual(facts)
  })

  it.each([
    headerNames.errorCode,
    headerNames.errorMessage,
    headerNames.originTopic,
    headerNames.originPartition,
    headerNames.originOffset,
    headerNames.failedAt,
  ])('names a missing %s', (name) => {
    const without = deadLetterHeaders([], facts).filter((header) => header.name !== name)
    for (const headers of [without, [...without, recordHeader(name, null)]]) {
      expect(thrownBy(() => parseDeadLetterHeaders(headers))).toMatchObject({
        code: 'VAL_RECORD_INVALID',
        detail: `the header ${name} is missing`,
      })
    }
  })

  it.each([headerNames.originPartition, headerNames.originOffset, headerNames.originTimestamp, headerNames.failedAt])(
    'names a malformed %s',
    (name) => {
      for (const value of ['', 'x', '1.5', '1e3', '9'.repeat(20)]) {
        const headers = withHeader(deadLetterHeaders([], facts), name, value)
        expect(thrownBy(() => parseDeadLetterHeaders(headers)).detail).toBe(`the header ${name} must be decimal digits`)
      }
    },
  )

  it.each([
    [headerNames.originPartition, '-1'],
    [headerNames.originPartition, '2147483648'],
    [headerNames.originOffset, '-1'],
    [headerNames.originOffset, '9223372036854775808'],
  ])('refuses a %s of %s, which could not be written as JSON', (name, value) => {
    const headers = withHeader(deadLetterHeaders([], facts), name, value)
    expect(thrownBy(() => parseDeadLetterHeaders(headers))).toMatchObject({
      code: 'VAL_RECORD_INVALID',
      detail: expect.stringContaining(`the header ${name} must be`),
    })
  })

  it('accepts the timestamp -1 of a record without one', () => {
    const headers = withHeader(deadLetterHeaders([], facts), headerNames.originTimestamp, '-1')
    expect(parseDeadLetterHeaders(headers).origin.timestamp).toBe(-1)
  })
})

describe('readDeadLetter', () => {
  it('returns the original record', () => {
    const record = {
      key: Buffer.from('k'),
      value: Buffer.from([0xff, 0x00]),
      headers: deadLetterHeaders(awkward, facts),
    }
    expect(readDeadLetter(record)).toStrictEqual({ ...facts, key: record.key, value: record.value, headers: awkward })
  })

  it('needs no key', () => {
    const letter = readDeadLetter({ value: null, headers: deadLetterHeaders([], facts) })
    expect(letter).toMatchObject({ key: null, value: null, headers: [] })
  })

  it('refuses a record that is no dead letter', () => {
    expect(thrownBy(() => readDeadLetter({ key: null, value: Buffer.from('hi') })).code).toBe('VAL_RECORD_INVALID')
  })
})

it('originalHeaders removes only the added headers', () => {
  expect(originalHeaders(deadLetterHeaders(awkward, facts))).toStrictEqual(awkward)
})

it('ownHeaders keeps only the added headers, and no others that begin with valence-', () => {
  expect(ownHeaders(deadLetterHeaders(awkward, facts))).toStrictEqual(deadLetterHeaders([], facts))
})
