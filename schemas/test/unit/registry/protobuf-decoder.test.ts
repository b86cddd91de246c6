import { describe, expect, it } from 'vitest'
import { parseFieldPath, parseFieldPaths } from '../../../src/index.ts'
import { compileDecoder } from '../../../src/registry/record-decoder.ts'
import { createTextFieldsReader } from '../../../src/registry/record-reader.ts'
import { rejectionOf, thrownBy } from '../../support/thrown.ts'

const review = `
syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "author.proto";
message Other { string text = 1; }
message Review {
  message Body { string the_text = 3; int64 review_id = 4; }
  enum Kind { NONE = 0; LONG = 1; }
  Body body = 2;
  Kind kind = 5;
  map<string, string> labels = 6;
  shop.people.Author author = 7;
}`
const author = 'syntax = "proto3"; package shop.people; message Author { string name = 1; }'

function compile(text = 'body.the_text', schema = review) {
  const path = parseFieldPath
  const reader = createTextFieldsReader({
    text: parseFieldPaths(text),
    id: path('body.review_id'),
    occurredAt: path('at'),
    source: path('author.name'),
    lang: path('kind'),
    attributes: path('labels'),
  })
  const writer = { type: 'PROTOBUF', text: schema, references: [{ name: 'author.proto', text: author }] }
  return compileDecoder(writer, reader)
}

/** Written by hand after the wire format: field 2 { field 3, field 4 = 2^60 }, kind LONG, labels {a: b}, author Ann. */
const message = Buffer.from([
  ...[0x12, 0x10, 0x1a, 0x04, ...Buffer.from('good'), 0x20, ...[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]],
  ...[0x28, 0x01],
  ...[0x32, 0x06, 0x0a, 0x01, 0x61, 0x12, 0x01, 0x62],
  ...[0x3a, 0x05, 0x0a, 0x03, ...Buffer.from('Ann')],
])

describe('a Protobuf writer', () => {
  it('is read by paths of the names in its file, through references and nested messages', async () => {
    message[1] = 4 + 2 + 1 + 9
    const decode = await compile()
    expect(decode(Buffer.concat([Buffer.from([2, 2]), message]))).toEqual({
      id: '1152921504606846976',
      text: 'good',
      occurredAt: null,
      source: 'Ann',
      lang: 'LONG',
      attributes: { a: 'b' },
    })
  })

  it('is read from the message that the indexes name', async () => {
    const other = Buffer.from([0x0a, 0x02, ...Buffer.from('ok')])
    expect((await compile('text'))(Buffer.concat([Buffer.from([0]), other])).text).toBe('ok')
    expect((await compile('text'))(Buffer.concat([Buffer.from([2, 0]), other])).text).toBe('ok')
    const body = Buffer.from([0x1a, 0x02, ...Buffer.from('in')])
    expect((await compile('the_text'))(Buffer.concat([Buffer.from([4, 2, 0]), body])).text).toBe('in')
  })

  it.each([
    ['no message of that number', [2, 40]],
    ['no message at all', []],
    ['a negative number', [2, 1]],
    ['more indexes than a file can nest', [0xfe, 0xff, 0xff, 0xff, 0x0f]],
    ['a field beyond the end', [0, 0x0a, 0x20, 0x61]],
  ])('with %s is refused as a payload', async (_what, bytes) => {
    const decode = await compile('text')
    expect(thrownBy(() => decode(Buffer.from(bytes))).code).toMatch(/VAL_SCHEMA_PAYLOAD_INVALID|VAL_TEXT_MISSING/)
  })

  it('refuses invalid UTF-8 instead of replacing it', async () => {
    const decode = await compile('text')
    expect(thrownBy(() => decode(Buffer.from([0, 0x0a, 0x02, 0x61, 0xff]))).code).toBe('VAL_RECORD_NOT_UTF8')
  })

  it.each(['message {', 'syntax = "proto3"; message A { Missing b = 1; }'])(
    'with the schema %s is a mismatch',
    async (schema) => {
      expect((await rejectionOf(compile('text', schema))).code).toBe('VAL_SCHEMA_MISMATCH')
    },
  )

  it('may be registered as a descriptor in base64, as Python does', async () => {
    const descriptor =
      'CgxyZXZpZXcucHJvdG8SBHNob3AaH2dvb2dsZS9wcm90b2J1Zi90aW1lc3RhbXAucHJvdG8iEgoFTm9pc2USCQoBYRgBIAEoCSKMAQoGUmV2aWV3Eh8KBGJvZHkYAiABKAsyES5zaG9wLlJldmlldy5Cb2R5EiYKAmF0GAkgASgLMhouZ29vZ2xlLnByb3RvYnVmLlRpbWVzdGFtcBIMCgR0YWdzGAogAygJGisKBEJvZHkSEAoIdGhlX3RleHQYAyABKAkSEQoJcmV2aWV3X2lkGAQgASgDYgZwcm90bzM='
    const body = Buffer.from([0x1a, 0x04, ...Buffer.from('good'), 0x20, 0x07])
    const whole = Buffer.concat([Buffer.from([2, 2, 0x12, body.length]), body])
    expect((await compile('body.the_text', descriptor))(whole)).toMatchObject({ text: 'good', id: '7' })
    const nested = Buffer.concat([Buffer.from([4, 2, 0]), body])
    expect((await compile('the_text', descriptor))(nested)).toMatchObject({ text: 'good', id: null })
  })

  it('refuses an index of a map entry, which is no message of its own', async () => {
    // message Mapped { map<string, string> labels = 1; message Inner { string text = 1; } Inner inner = 2; }
    const descriptor =
      'CgxtYXBwZWQucHJvdG8SBHNob3AimwEKBk1hcHBlZBIoCgZsYWJlbHMYASADKAsyGC5zaG9wLk1hcHBlZC5MYWJlbHNFbnRyeRIhCgVpbm5lchgCIAEoCzISLnNob3AuTWFwcGVkLklubmVyGi0KC0xhYmVsc0VudHJ5EgsKA2tleRgBIAEoCRINCgV2YWx1ZRgCIAEoCToCOAEaFQoFSW5uZXISDAoEdGV4dBgBIAEoCWIGcHJvdG8z'
    const decode = await compile('text', descriptor)
    const text = Buffer.from([0x0a, 0x02, ...Buffer.from('ok')])
    expect(decode(Buffer.concat([Buffer.from([4, 0, 2]), text])).text).toBe('ok')
    const entry = Buffer.concat([Buffer.from([4, 0, 0]), text])
    expect(thrownBy(() => decode(entry)).code).toBe('VAL_SCHEMA_PAYLOAD_INVALID')
  })
})
