import { isUtf8 } from 'node:buffer'
import { headersFromRecord } from '@valence/schemas'
import { kafkaRecord } from '@valence/testing/kafka/records'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDecodeStep, type Decoded } from '../../../src/pipeline/decode.ts'

const decode = createDecodeStep({ registry: undefined, format: 'auto' })
const maxTextBytes = 64 * 1024

async function decodeOne(value: Buffer, headers: Record<string, Buffer> = {}): Promise<Decoded> {
  const [decoded] = await decode([kafkaRecord(7, { value, headers: headersFromRecord(headers) })])
  if (decoded === undefined) throw new Error('a record went missing')
  return decoded
}

/** Whatever came in: a usable text, or a dead letter. Anything thrown would cost the batch. */
async function expectVerdict(value: Buffer, headers?: Record<string, Buffer>): Promise<Decoded> {
  const decoded = await decodeOne(value, headers)
  if (decoded.kind === 'rejected') {
    expect(decoded.error.deadLetter).toBe(true)
    expect(decoded.error.message.length).toBeLessThan(400)
  } else if (decoded.kind === 'text') {
    const { text } = decoded.event
    expect(text.isWellFormed()).toBe(true)
    expect(text.trim()).not.toBe('')
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxTextBytes)
  }
  return decoded
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const bytes = fc.uint8Array({ maxLength: 2_000 }).map((array) => Buffer.from(array))
const anyText = fc.string({ unit: 'binary', maxLength: 200 })
/** Names that mean something to JavaScript, among names that do not. */
const trickyName = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString'), anyText)

describe('hostile records', () => {
  it('random bytes get a verdict', () =>
    fc.assert(
      fc.asyncProperty(bytes, async (value) => {
        await expectVerdict(value)
      }),
    ))

  it('random bytes behind each magic byte and any schema id get a verdict', () =>
    fc.assert(
      fc.asyncProperty(fc.constantFrom(0, 0x7b, 0x22, 0xff), bytes, async (first, rest) => {
        await expectVerdict(Buffer.concat([Buffer.of(first), rest]))
      }),
    ))

  it('any UTF-8 is a text, a JSON object or a dead letter', () =>
    fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const value = Buffer.from(text)
        expect(isUtf8(value)).toBe(true)
        await expectVerdict(value)
      }),
    ))

  it('any JSON object gets a verdict, whatever its fields hold', () =>
    fc.assert(
      fc.asyncProperty(fc.dictionary(trickyName, fc.jsonValue()), fc.jsonValue(), async (fields, text) => {
        await expectVerdict(json({ ...fields, text }))
      }),
    ))

  it('any content type gets a verdict', () =>
    fc.assert(
      fc.asyncProperty(bytes, bytes, async (value, contentType) => {
        await expectVerdict(value, { 'content-type': contentType })
      }),
    ))

  it('attributes keep any name and change no prototype', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(trickyName, anyText), { maxLength: 8 }), async (entries) => {
        const attributes: Record<string, string> = Object.fromEntries(entries)
        const decoded = await expectVerdict(json({ text: 'fine', attributes }))
        expect(decoded.kind === 'text' && Object.entries(decoded.event.attributes)).toEqual(
          Object.entries(JSON.parse(JSON.stringify(attributes))),
        )
        expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(ownNames)
      }),
    ))

  it.each([
    ['half a surrogate pair', Buffer.from('{"text":"a\\ud800b"}'), 'rejected'],
    ['bidirectional and invisible characters', Buffer.from('\u202Efine\u2066\u200B\u{E0041}'), 'text'],
    ['a huge number', Buffer.from(`{"text":"fine","occurredAt":${'9'.repeat(5_000)}}`), 'rejected'],
    ['a million brackets', Buffer.from(`{"text":"fine","x":${'['.repeat(500_000)}${']'.repeat(500_000)}}`), undefined],
    ['10 MB of text', Buffer.alloc(10 * 1024 * 1024, 'a '), 'rejected'],
    ['10 MB of JSON', json({ text: 'a '.repeat(5 * 1024 * 1024) }), 'rejected'],
    ['10 MB behind a schema id', Buffer.alloc(10 * 1024 * 1024), 'rejected'],
  ])('%s gets a verdict', async (_name, value, kind) => {
    const decoded = await expectVerdict(value)
    if (kind !== undefined) expect(decoded.kind).toBe(kind)
  })
})

const ownNames = Object.getOwnPropertyNames(Object.prototype)
