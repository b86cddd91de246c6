import { ValenceError } from '@valence/schemas'
import protobuf from 'protobufjs'
import descriptors, { type IDescriptorProto, type IFileDescriptorProto } from 'protobufjs/ext/descriptor/index.js'
import type { DerivedSchema } from './derive-avro.ts'
import type { ProtobufField } from './derive-protobuf.ts'
import { additionDescriptor } from './protobuf-addition.ts'

/** Numbers of the repeated messages in a file, and in a message. */
const [messagesOfFile, messagesOfMessage] = [4, 3]

/**
 * Like `deriveProtobufSchema`, for a descriptor in base64. The bytes of the field and its type follow those of the
 * message; the rest stays, options of extensions among it.
 */
export function deriveDescriptor(schema: string, indexes: readonly number[], field: ProtobufField): DerivedSchema {
  const bytes = Buffer.from(schema, 'base64')
  const { package: space, messageType } = descriptors.FileDescriptorProto.decode(bytes) as IFileDescriptorProto
  const path = messagesAt(messageType ?? [], indexes)
  const names = [...(space ? space.split('.') : []), ...path.map(({ name }) => name ?? '')]
  expectFree(path.at(-1) ?? {}, field)
  const addition = fieldDescriptor(names, freeName(bytes), field)
  const derived = within(bytes, messagesOfFile, indexes, (message) => Buffer.concat([message, addition]))
  return { text: Buffer.from(derived).toString('base64'), fullName: names.join('.') }
}

/** Map entries and groups count among the messages, as they do for Python's client. */
function messagesAt(messages: readonly IDescriptorProto[], indexes: readonly number[]): readonly IDescriptorProto[] {
  const path: IDescriptorProto[] = []
  for (const index of indexes) {
    const message = (path.length === 0 ? messages : (path.at(-1)?.nestedType ?? []))[index]
    if (message === undefined) break
    path.push(message)
  }
  if (path.length > 0 && path.length === indexes.length) return path
  throw new ValenceError('VAL_SCHEMA_PAYLOAD_INVALID', `the schema has no message ${indexes.join('.')}`)
}

function expectFree(message: IDescriptorProto, { name, number }: ProtobufField): void {
  const { field = [], oneofDecl = [], nestedType = [], enumType = [], reservedName = [] } = message
  const names = [...field, ...oneofDecl, ...nestedType, ...enumType].map((own) => own.name)
  if ([...names, ...reservedName].includes(name)) {
    throw new ValenceError('VAL_ENRICH_FIELD_TAKEN', `field ${name} of ${message.name}`)
  }
  const ranges = [...(message.reservedRange ?? []), ...(message.extensionRange ?? [])]
  // In descriptors the end of a range is behind it.
  const isInRange = ranges.some(({ start = 0, end = 0 }) => number >= start && number < end)
  if (isInRange || field.some((own) => own.number === number)) {
    throw new ValenceError('VAL_ENRICH_FIELD_TAKEN', `number ${number} of ${message.name}`)
  }
}

function freeName(bytes: Buffer): string {
  let name = 'ValenceSentiment'
  for (let number = 2; bytes.includes(name); number += 1) name = `ValenceSentiment${number}`
  return name
}

/** The field and its type as they stand in the descriptor of a message of that full name. */
function fieldDescriptor(names: readonly string[], typeName: string, { name, number }: ProtobufField): Uint8Array {
  const fullName = `.${[...names, typeName].join('.')}`
  const field = [{ name, number, label: 1, type: 11, typeName: fullName }]
  const nestedType = [additionDescriptor(typeName, fullName)]
  return descriptors.DescriptorProto.encode({ field, nestedType }).finish()
}

/** Rewrites the bytes of one message inside others, and nothing but the lengths of those around it. */
function within(
  bytes: Uint8Array,
  number: number,
  [place, ...deeper]: readonly number[],
  rewrite: (message: Uint8Array) => Uint8Array,
): Uint8Array {
  if (place === undefined) return rewrite(bytes)
  const reader = protobuf.Reader.create(bytes)
  for (let seen = 0; reader.pos < reader.len; ) {
    const start = reader.pos
    const tag = reader.uint32()
    if (tag >>> 3 !== number) reader.skipType(tag & 7)
    else {
      const message = reader.bytes()
      if (seen === place) {
        const inner = within(message, messagesOfMessage, deeper, rewrite)
        const entry = protobuf.Writer.create().uint32(tag).bytes(inner).finish()
        return Buffer.concat([bytes.subarray(0, start), entry, bytes.subarray(reader.pos)])
      }
      seen += 1
    }
  }
  throw new ValenceError('VAL_SCHEMA_MISMATCH', 'the descriptor ends before its message')
}
