import { describe, expect, it } from 'vitest'
import {
  type DeadLetterFacts,
  deadLetterHeaders,
  headerNames,
  headerText,
  originalHeaders,
  parseDeadLetterHeaders,
  type RecordHeaders,
  readDeadLetter,
} from '../../src/index.ts'
import { thrownBy } from '../support/thrown.ts'

const facts: DeadLetterFacts = {
  code: 'VAL_TEXT_EMPTY',
  message: 'The text is empty',
  origin: { topic: 'texts', partition: 3, offset: '9223372036854775807', timestamp: 1_735_689_600_000 },
  failedAt: 1_735_689_601_000,
}

const traceParent = Buffer.from('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')

/** Headers as a consumer reads them: every value is bytes. */
function asRead(headers: RecordHeaders): RecordHeaders {
  const toBytes = (value: Buffer | string) => Buffer.from(value as string)
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(toBytes) : value === undefined ? undefined : toBytes(value),
    ]),
  )
}

describe('deadLetterHeaders', () => {
  it('adds why and whence to the original headers', () => {
    expect(deadLetterHeaders({ traceparent: traceParent }, facts)).toStrictEqual({
      traceparent: traceParent,
      'valence-error-code': 'VAL_TEXT_EMPTY',
      'valence-error-message': 'The text is empty',
      'valence-origin-topic': 'texts',
      'valence-origin-partition': '3',
      'valence-origin-offset': '9223372036854775807',
      'valence-origin-timestamp': '1735689600000',
      'valence-failed-at': '1735689601000',
    })
  })

  it('leaves out a timestamp that the record does not have', () => {
    const headers = deadLetterHeaders({}, { ...facts, origin: { ...facts.origin, timestamp: null } })
    expect(headers).not.toHaveProperty(headerNames.originTimestamp)
    expect(parseDeadLetterHeaders(headers).origin.timestamp).toBeNull()
  })

  it('replaces the headers of an earlier failure', () => {
    const once = deadLetterHeaders({ kept: 'x', [headerNames.originTimestamp]: '5' }, facts)
    const later = {
      ...facts,
      code: 'VAL_INFERENCE_FAILED',
      origin: { topic: 'b', partition: 0, offset: '1', timestamp: null },
    }
    const twice = deadLetterHeaders(once, later)
    expect(parseDeadLetterHeaders(twice)).toStrictEqual(later)
    expect(twice.kept).toBe('x')
  })

  it('keeps repeated headers and changes nothing in what it was given', () => {
    const original = { x: [Buffer.from('1'), Buffer.from('2')] }
    expect(deadLetterHeaders(original, facts).x).toBe(original.x)
    expect(Object.keys(original)).toEqual(['x'])
  })

  it('cuts a message that would not fit, not in the middle of a character', () => {
    const message = `${'a'.repeat(1_023)}🙂${'b'.repeat(1_000_000)}`
    const text = headerText(deadLetterHeaders({}, { ...facts, message }), headerNames.errorMessage)
    expect(text).toBe(`${'a'.repeat(1_023)}\ufffd`)
  })
})

describe('parseDeadLetterHeaders', () => {
  it('reads back what was written, as strings and as bytes', () => {
    const headers = deadLetterHeaders({ other: 'x' }, facts)
    expect(parseDeadLetterHeaders(headers)).toStrictEqual(facts)
    expect(parseDeadLetterHeaders(asRead(headers))).toStrictEqual(facts)
  })

  it.each([
    headerNames.errorCode,
    headerNames.errorMessage,
    headerNames.originTopic,
    headerNames.originPartition,
    headerNames.originOffset,
    headerNames.failedAt,
  ])('names a missing %s', (name) => {
    const headers = { ...deadLetterHeaders({}, facts), [name]: undefined }
    expect(thrownBy(() => parseDeadLetterHeaders(headers))).toMatchObject({
      code: 'VAL_RECORD_INVALID',
      detail: `the header ${name} is missing`,
    })
  })

  it.each([headerNames.originPartition, headerNames.originOffset, headerNames.originTimestamp, headerNames.failedAt])(
    'names a malformed %s',
    (name) => {
      for (const value of ['', 'x', '1.5', '1e3', '9'.repeat(20)]) {
        const headers = { ...deadLetterHeaders({}, facts), [name]: value }
        expect(thrownBy(() => parseDeadLetterHeaders(headers)).detail).toBe(`the header ${name} must be decimal digits`)
      }
    },
  )

  it('takes the timestamp of a record that has none', () => {
    const headers = { ...deadLetterHeaders({}, facts), [headerNames.originTimestamp]: '-1' }
    expect(parseDeadLetterHeaders(headers).origin.timestamp).toBe(-1)
  })
})

describe('readDeadLetter', () => {
  it('gives the original record back', () => {
    const original = { traceparent: traceParent, x: [Buffer.from('1'), Buffer.from('2')] }
    const record = {
      key: Buffer.from('k'),
      value: Buffer.from([0xff, 0x00]),
      headers: asRead(deadLetterHeaders(original, facts)),
    }
    expect(readDeadLetter(record)).toStrictEqual({
      ...facts,
      key: record.key,
      value: record.value,
      headers: [
        { name: 'traceparent', value: traceParent },
        { name: 'x', value: Buffer.from('1') },
        { name: 'x', value: Buffer.from('2') },
      ],
    })
  })

  it('needs no key and turns text headers into bytes', () => {
    const letter = readDeadLetter({ value: null, headers: deadLetterHeaders({ a: 'ü', none: undefined }, facts) })
    expect(letter).toMatchObject({ key: null, value: null })
    expect(letter.headers).toStrictEqual([
      { name: 'a', value: Buffer.from('ü') },
      { name: 'none', value: null },
    ])
  })

  it('refuses a record that is no dead letter', () => {
    expect(thrownBy(() => readDeadLetter({ key: null, value: Buffer.from('hi') })).code).toBe('VAL_RECORD_INVALID')
  })
})

describe('originalHeaders', () => {
  it('is what a replay sends', () => {
    const original = { traceparent: traceParent, 'content-type': 'text/plain', 'valence-other': 'kept' }
    expect(originalHeaders(deadLetterHeaders(original, facts))).toStrictEqual(original)
  })
})

describe('headerText', () => {
  it.each([
    [{ a: 'x' }, 'x'],
    [{ a: Buffer.from('é') }, 'é'],
    [{ a: [Buffer.from('1'), '2'] }, '1'],
    [{ a: [] }, undefined],
    [{ a: undefined }, undefined],
    [{}, undefined],
    [undefined, undefined],
  ])('of %j is %j', (headers, text) => {
    expect(headerText(headers, 'a')).toBe(text)
  })

  it('does not find what an object inherits', () => {
    expect(headerText({}, 'constructor')).toBeUndefined()
  })
})
