import {
  framedPayload,
  readSchemaId,
  recordHeader,
  type SchemaRegistry,
  textEventAvro,
  textEventJson,
} from '@valence/schemas'
import { describe, expect, it, vi } from 'vitest'
import { completeEvent, createTextEncoder, listHeaders, toTextRecord } from '../../../src/producer/text-record.ts'

const event = { id: '1', text: 'I love it', occurredAt: 1_700_000_000_000 }

describe('createTextEncoder', () => {
  it('writes bare JSON without a registry', async () => {
    const encode = await createTextEncoder('json', 'texts', undefined)
    expect(textEventJson.parse(encode(event))).toMatchObject(event)
  })

  it('registers the schema of the topic and frames Avro with its id', async () => {
    const registerFor = vi.fn(async () => 42)
    const encode = await createTextEncoder('avro', 'texts', { registerFor } as unknown as SchemaRegistry)
    expect(registerFor).toHaveBeenCalledWith('texts-value', 'text-event')
    const value = encode(event)
    expect(readSchemaId(value)).toBe(42)
    expect(textEventAvro.decode(framedPayload(value))).toMatchObject(event)
  })

  it('leaves the registry alone for JSON', async () => {
    const registerFor = vi.fn()
    await createTextEncoder('json', 'texts', { registerFor } as unknown as SchemaRegistry)
    expect(registerFor).not.toHaveBeenCalled()
  })

  it.each(['json', 'avro'] as const)('refuses half a surrogate pair in %s', async (format) => {
    const encode = await createTextEncoder(format, 'texts', { registerFor: async () => 1 } as unknown as SchemaRegistry)
    const refused = expect.objectContaining({ code: 'VAL_RECORD_NOT_UTF8' })
    for (const fields of [{ id: '\ud800' }, { text: '\ud800' }, { attributes: { k: '\ud800' } }]) {
      expect(() => encode({ ...event, ...fields })).toThrow(refused)
    }
  })

  it.each(['json', 'avro'] as const)('refuses a blank text in %s', async (format) => {
    const encode = await createTextEncoder(format, 'texts', { registerFor: async () => 1 } as unknown as SchemaRegistry)
    for (const text of [' ', '\u2800', '\u0301']) {
      expect(() => encode({ id: '1', text })).toThrow(expect.objectContaining({ code: 'VAL_TEXT_EMPTY' }))
    }
  })
})

describe('completeEvent', () => {
  it('gives an id and a time to an event without', () => {
    vi.useFakeTimers({ now: 1_234 })
    const { id, occurredAt } = completeEvent({ text: 'hello' })
    vi.useRealTimers()
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/)
    expect(occurredAt).toBe(1_234)
  })

  it('keeps what the event has', () => {
    expect(completeEvent({ ...event, source: 'app' })).toEqual({ ...event, source: 'app' })
  })

  it('gives each event an id of its own', () => {
    const ids = Array.from({ length: 100 }, () => completeEvent({ text: 'same', id: null }).id)
    expect(new Set(ids).size).toBe(100)
  })
})

describe('listHeaders', () => {
  it('takes names with one value or several', () => {
    const given = { constructor: 'a', x: ['1', null, Buffer.from('2')], none: undefined }
    expect(listHeaders(given)).toEqual([
      recordHeader('constructor', 'a'),
      recordHeader('x', '1'),
      recordHeader('x', null),
      recordHeader('x', '2'),
    ])
  })

  it('takes a list in its order, such as a consumer gave', () => {
    const given = [{ name: 'x', value: '1' }, { name: 'y', value: null }, recordHeader('x', '2')]
    const received = { name: '\ufffd', value: null, nameBytes: Buffer.from([0xff]) }
    expect(listHeaders([...given, received])).toEqual([
      recordHeader('x', '1'),
      recordHeader('y', null),
      recordHeader('x', '2'),
      received,
    ])
    expect(listHeaders(undefined)).toEqual([])
  })

  it.each([
    ['name', { 'a\ud800': 'v' }],
    ['value', { name: '\udfff' }],
    ['value in a list', [{ name: 'a', value: '\udfff' }]],
  ])('refuses half a surrogate pair in the %s', (_place, headers) => {
    expect(() => listHeaders(headers)).toThrow(expect.objectContaining({ code: 'VAL_RECORD_NOT_UTF8' }))
  })
})

describe('toTextRecord', () => {
  it('refuses half a surrogate pair in the key', () => {
    const refused = expect.objectContaining({ code: 'VAL_RECORD_NOT_UTF8' })
    expect(() => toTextRecord('1', Buffer.from('value'), { key: 'a\ud800' })).toThrow(refused)
  })

  it('carries key, headers and partition', () => {
    const value = Buffer.from('value')
    const headers = [recordHeader('traceparent', '00-1')]
    const { message } = toTextRecord('1', value, { key: 'k', headers, partition: 3 })
    expect(message).toEqual({ key: 'k', headers: { traceparent: Buffer.from('00-1') }, partition: 3, value })
  })

  it('leaves out what is not given', () => {
    expect(toTextRecord('1', Buffer.from('v'), {}).message).toEqual({ key: null, value: Buffer.from('v') })
  })

  it('counts key, value and headers in bytes', () => {
    const bare = toTextRecord('1', Buffer.alloc(0), {}).bytes
    const full = toTextRecord('1', Buffer.alloc(10), {
      key: 'é',
      headers: [recordHeader('name', Buffer.alloc(5))],
    }).bytes
    expect(full - bare).toBe(10 + 2 + 4 + 5)
  })
})
