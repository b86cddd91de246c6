import { isDescriptor } from '@valence/schemas/protobuf'
import protobuf from 'protobufjs'
import descriptors, { type IDescriptorProto } from 'protobufjs/ext/descriptor/index.js'
import { describe, expect, it } from 'vitest'
import { deriveDescriptor } from '../../../src/enrich/derive-descriptor.ts'
import { codeOf } from './additions.ts'

const field = { name: 'sentiment', number: 1000 }
const string = { label: 1, type: 9 }
const entry = { name: 'TagsEntry', field: [], options: { mapEntry: true } }
const review: IDescriptorProto = { name: 'Review', field: [{ ...string, name: 'body', number: 1 }] }

/** A file in base64, with bytes of a later version of descriptors in a message. */
function fileOf(message: IDescriptorProto, space?: string): string {
  const shop = { name: 'Shop', nestedType: [entry, message] }
  const file = {
    name: 'a.proto',
    messageType: [{ name: 'Header' }, shop],
    syntax: 'proto3',
    ...(space && { package: space }),
  }
  return Buffer.from(descriptors.FileDescriptorProto.encode(file).finish()).toString('base64')
}

interface Read {
  readonly messageType: readonly { readonly nestedType: readonly (IDescriptorProto & { field: object[] })[] }[]
}

const read = (text: string) => descriptors.FileDescriptorProto.decode(Buffer.from(text, 'base64')) as unknown as Read

describe('the derived descriptor', () => {
  it('has one field and its type more in the message that the indexes name; maps take an index too', () => {
    const { text, fullName } = deriveDescriptor(fileOf(review, 'org.example'), [1, 1], field)
    expect(fullName).toBe('org.example.Shop.Review')
    const derived = read(text).messageType[1]?.nestedType[1]
    expect(derived?.field).toMatchObject([
      { name: 'body', number: 1 },
      { name: 'sentiment', number: 1000, label: 1, type: 11, typeName: '.org.example.Shop.Review.ValenceSentiment' },
    ])
    expect(derived?.nestedType).toMatchObject([{ name: 'ValenceSentiment', field: { length: 6 } }])
  })

  it('keeps what this version of descriptors does not know', () => {
    const unknown = protobuf.Writer.create()
      .uint32((500 << 3) | 2)
      .string('later')
      .finish()
    const text = Buffer.concat([Buffer.from(fileOf(review), 'base64'), unknown]).toString('base64')
    const derived = deriveDescriptor(text, [1, 1], field)
    expect(Buffer.from(derived.text, 'base64').subarray(-unknown.length)).toEqual(Buffer.from(unknown))
    expect(derived.fullName).toBe('Shop.Review')
  })

  it('takes a type name that occurs nowhere', () => {
    const text = fileOf({ ...review, nestedType: [{ name: 'ValenceSentiment' }] })
    expect(read(deriveDescriptor(text, [1, 1], field).text).messageType[1]?.nestedType[1]?.nestedType).toMatchObject([
      {},
      { name: 'ValenceSentiment2' },
    ])
  })

  it.each<[string, Partial<IDescriptorProto>]>([
    ['field sentiment', { field: [{ ...string, name: 'sentiment', number: 2 }] }],
    ['field sentiment', { oneofDecl: [{ name: 'sentiment' }] }],
    ['field sentiment', { reservedName: ['sentiment'] }],
    ['number 1000', { field: [{ ...string, name: 'a', number: 1000 }] }],
    ['number 1000', { reservedRange: [{ start: 900, end: 1001 }] }],
    ['number 1000', { extensionRange: [{ start: 1000, end: 1001 }] }],
  ])('does not exist where it is taken: %s in %j', (detail, taken) => {
    const call = () => deriveDescriptor(fileOf({ ...review, ...taken }), [1, 1], field)
    expect(codeOf(call)).toBe('VAL_ENRICH_FIELD_TAKEN')
    expect(call).toThrow(`${detail} of Review`)
  })

  it('exists where a range ends before the number', () => {
    const free = { ...review, reservedRange: [{ start: 900, end: 1000 }] }
    expect(codeOf(() => deriveDescriptor(fileOf(free), [1, 1], field))).toBe('none')
  })

  it.each([[[2]], [[1, 2]], [[]]])('does not exist for the message %j, which the file does not have', (indexes) => {
    expect(codeOf(() => deriveDescriptor(fileOf(review), indexes, field))).toBe('VAL_SCHEMA_PAYLOAD_INVALID')
  })
})

it('tells a descriptor from a .proto file', () => {
  expect(isDescriptor(fileOf(review))).toBe(true)
  expect(isDescriptor('syntax = "proto3"; message M { }')).toBe(false)
})
