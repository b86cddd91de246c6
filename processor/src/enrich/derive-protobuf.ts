import { ValenceError } from '@valence/schemas'
import protobuf from 'protobufjs'
import type { DerivedSchema } from './derive-avro.ts'
import { locateMessages, type ProtoMessage } from './proto-messages.ts'
import { additionMessage } from './protobuf-addition.ts'

export interface ProtobufField {
  readonly name: string
  readonly number: number
}

/**
 * The writer's file with one field, and its type, at the end of a message. The rest of its text stays to the byte.
 * @param indexes the place of the message, as the wire format tells it: that of each message in the one around it
 * @throws VAL_ENRICH_FIELD_TAKEN where the name or the number is used or reserved
 */
export function deriveProtobufSchema(text: string, indexes: readonly number[], field: ProtobufField): DerivedSchema {
  const { messages, isProto2 } = locateMessages(text)
  const path = messagesAt(messages, indexes)
  const { root, package: space } = parse(text)
  const fullName = [...(space ? [space] : []), ...path.map(({ name }) => name)].join('.')
  expectFree(root.lookupType(fullName), field)
  const typeName = freeName(text)
  const label = isProto2 ? 'optional ' : ''
  const added = `  ${label}${typeName} ${field.name} = ${field.number};\n  ${additionMessage(typeName, label)}\n`
  const { end } = path.at(-1) as ProtoMessage
  return { text: text.slice(0, end) + added + text.slice(end), fullName }
}

function parse(text: string): protobuf.IParserResult {
  try {
    return protobuf.parse(text, { keepCase: true })
  } catch (cause) {
    throw new ValenceError('VAL_SCHEMA_MISMATCH', `no .proto file: ${(cause as Error).message}`, { cause })
  }
}

function messagesAt(messages: readonly ProtoMessage[], indexes: readonly number[]): ProtoMessage[] {
  const path: ProtoMessage[] = []
  for (const index of indexes) {
    const message = (path.at(-1)?.messages ?? messages)[index]
    if (message === undefined) break
    path.push(message)
  }
  if (path.length === 0 || path.length < indexes.length) {
    throw new ValenceError('VAL_SCHEMA_PAYLOAD_INVALID', `the schema has no message ${indexes.join('.')}`)
  }
  return path
}

function expectFree(type: protobuf.Type, { name, number }: ProtobufField): void {
  if (type.get(name) !== null || type.isReservedName(name)) throw taken(`field ${name} of ${type.name}`)
  // Both ends of a range count; those of `isReservedId` do not.
  const ranges = [...(type.reserved ?? []), ...(type.extensions ?? [])].filter((own) => typeof own !== 'string')
  const isInRange = ranges.some(([from = 0, to = 0]) => number >= from && number <= to)
  if (type.fieldsById[number] !== undefined || isInRange) throw taken(`number ${number} of ${type.name}`)
}

function taken(detail: string): ValenceError {
  return new ValenceError('VAL_ENRICH_FIELD_TAKEN', detail)
}

/** A name that occurs nowhere in the file: a nested type hides one of its name outside. */
function freeName(text: string): string {
  const names = new Set(text.match(/\w+/g))
  let name = 'ValenceSentiment'
  for (let number = 2; names.has(name); number += 1) name = `ValenceSentiment${number}`
  return name
}
