import fc from 'fast-check'
import protobuf from 'protobufjs'
import { describe, expect, it } from 'vitest'
import { deriveProtobufSchema } from '../../../src/enrich/derive-protobuf.ts'
import { expectNumberUnused, protobufAddition } from '../../../src/enrich/protobuf-addition.ts'
import { addition, additions, codeOf } from './additions.ts'
import { protoCases } from './random-protobuf.ts'

const field = { name: 'sentiment', number: 1000 }
const derive = (text: string, indexes: readonly number[] = [0], own = field) => deriveProtobufSchema(text, indexes, own)
const typeOf = (text: string, fullName: string) => protobuf.parse(text).root.lookupType(fullName)
const review = 'syntax = "proto3";\npackage org.example;\n\nmessage Review {\n  string body = 1; // the text }\n}\n'

const plain = { longs: Number, defaults: true, arrays: true, objects: true, bytes: Buffer }

describe('the derived .proto file', () => {
  it('is the text of the writer with one field and its type at the end of the message', () => {
    const { text, fullName } = derive(review)
    const at = review.lastIndexOf('}')
    expect(text.startsWith(`${review.slice(0, at)}  ValenceSentiment sentiment = 1000;\n`)).toBe(true)
    expect(text.endsWith(review.slice(at))).toBe(true)
    expect(fullName).toBe('org.example.Review')
  })

  it('has labels in proto2 and none in an edition', () => {
    const labelled = 'optional ValenceSentiment sentiment = 1000;'
    expect(derive('message M {}').text).toContain(labelled)
    expect(derive('syntax = "proto2"; message M {}').text).toContain(labelled)
    expect(derive('edition = "2023"; message M {}').text).not.toContain('optional')
  })

  it.each([
    ['message M { string sentiment = 1; }', 'field sentiment'],
    ['message M { oneof sentiment { string a = 1; } }', 'field sentiment'],
    ['message M { reserved "sentiment"; }', 'field sentiment'],
    ['message M { message sentiment {} }', 'field sentiment'],
    ['message M { string a = 1000; }', 'number 1000'],
    ['message M { oneof o { string a = 1000; } }', 'number 1000'],
    ['message M { reserved 7, 900 to 1000; }', 'number 1000'],
    ['message M { reserved 900 to max; }', 'number 1000'],
    ['syntax = "proto2"; message M { extensions 1000 to 1999; }', 'number 1000'],
  ])('does not exist for %s', (text, detail) => {
    const whole = text.startsWith('syntax') ? text : `syntax = "proto3"; ${text}`
    expect(codeOf(() => derive(whole))).toBe('VAL_ENRICH_FIELD_TAKEN')
    expect(() => derive(whole)).toThrow(`${detail} of M`)
    expect(codeOf(() => derive(whole, [0], { name: 'mood', number: 2000 }))).toBe(
      detail === 'number 1000' && whole.includes('max') ? 'VAL_ENRICH_FIELD_TAKEN' : 'none',
    )
  })

  it('takes a type name that occurs nowhere, so that it hides none', () => {
    const text = 'syntax = "proto3"; message ValenceSentiment {} message M { ValenceSentiment old = 1; }'
    const derived = derive(text, [1]).text
    expect(derived).toContain('ValenceSentiment2 sentiment = 1000;')
    const { fields } = protobuf.parse(derived).root.resolveAll().root.lookupType('M')
    expect(fields.old?.resolvedType?.fullName).toBe('.ValenceSentiment')
  })

  it('counts groups as messages, as the wire format does', () => {
    const text = 'message M { repeated group A = 1 { } optional group B = 2 { } message C { } }'
    expect([0, 1, 2].map((index) => derive(text, [0, index]).fullName)).toEqual(['M.A', 'M.B', 'M.C'])
    const named = 'syntax = "proto3"; message M { string group = 3 [(x) = { }]; message C { } }'
    expect(derive(named, [0, 0]).fullName).toBe('M.C')
  })

  it.each([[[1]], [[0, 0]], [[]], [[-1]]])(
    'does not exist for the message %j, which the file does not have',
    (indexes) => {
      expect(codeOf(() => derive(review, indexes))).toBe('VAL_SCHEMA_PAYLOAD_INVALID')
    },
  )

  it.each(['message M { } }', 'message M { message N { }', 'message M { string }'])('does not exist for %s', (text) => {
    expect(codeOf(() => derive(text))).toBe('VAL_SCHEMA_MISMATCH')
  })
})

describe('a sentiment behind a Protobuf message', () => {
  it('is refused where the message holds the number as an unknown field', () => {
    const message = Buffer.from(protobufAddition(1000, addition))
    expect(codeOf(() => expectNumberUnused(message, 1000))).toBe('VAL_ENRICH_FIELD_TAKEN')
    expect(codeOf(() => expectNumberUnused(message, 1001))).toBe('none')
    expect(codeOf(() => expectNumberUnused(message.subarray(0, -1), 1001))).toBe('VAL_SCHEMA_PAYLOAD_INVALID')
  })

  it('leaves unknown fields, and may have the greatest number there is', () => {
    const number = 536_870_911
    const { text } = derive(review, [0], { name: 'mood', number })
    const unknown = Buffer.from('0a0466696e65f83f01', 'hex')
    const value = Buffer.concat([unknown, protobufAddition(number, addition)])
    const { body, mood } = typeOf(text, 'org.example.Review').decode(value) as protobuf.Message &
      Record<string, unknown>
    expect(body).toBe('fine')
    expect(mood).toMatchObject({ label: 'positive', warnings: ['truncated'] })
  })

  it('leaves the bytes of any message, and protobufjs reads the same message and one field more', () => {
    fc.assert(
      fc.property(protoCases, fc.array(additions, { minLength: 20, maxLength: 20 }), (own, rows) => {
        const { text, fullName } = derive(own.text, own.indexes)
        expect(fullName).toBe(own.fullName)
        const [before, after] = [typeOf(own.text, own.fullName), typeOf(text, own.fullName)]
        const input = before.encode(own.value).finish()
        for (const row of rows) {
          const output = after.decode(Buffer.concat([input, protobufAddition(1000, row)]))
          const { sentiment, ...rest } = after.toObject(output, plain)
          expect(rest).toEqual(before.toObject(before.decode(input), plain))
          expect(sentiment).toEqual(row)
        }
      }),
      { numRuns: 500 },
    )
  })
})
