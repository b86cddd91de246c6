import protobuf from 'protobufjs'
import { ValenceError } from '../errors.ts'

/** The place of a message in its .proto file, and how many bytes tell it. */
export interface MessageIndexes {
  readonly indexes: readonly number[]
  readonly length: number
}

/** Messages do not nest deeper in a file that anybody wrote. */
const maxDepth = 100

/** Reads what Confluent's wire format has between schema id and message. @throws VAL_SCHEMA_PAYLOAD_INVALID */
export function readMessageIndexes(bytes: Uint8Array): MessageIndexes {
  const reader = protobuf.Reader.create(bytes)
  try {
    const depth = reader.sint32()
    // One zero stands for the first message of the file.
    if (depth === 0) return { indexes: [0], length: reader.pos }
    if (depth > 0 && depth <= maxDepth) {
      return { indexes: Array.from({ length: depth }, () => reader.sint32()), length: reader.pos }
    }
  } catch {
    // Too few bytes: refused below.
  }
  throw new ValenceError('VAL_SCHEMA_PAYLOAD_INVALID', 'no message indexes in front of the Protobuf message')
}
