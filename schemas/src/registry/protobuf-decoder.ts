import Long from 'long'
import protobuf, { type Root, type Type } from 'protobufjs'
import { ValenceError } from '../errors.ts'
import { decodePayload } from '../records/avro-codec.ts'
import { readUtf8 } from '../records/check-unicode.ts'
import { readMessageIndexes } from './message-indexes.ts'
import { type ProtoFile, readProtoFile } from './proto-file.ts'
import type { RecordDecoder, RecordReader } from './record-reader.ts'
import { readWellKnownMessages } from './well-known-messages.ts'
import type { WriterSchema } from './writer-schema.ts'

// protobufjs looks for it by `require`, which a bundler or a test runner can lead astray, and then rounds silently.
protobuf.util.Long = Long
protobuf.configure()
readWellKnownMessages()

/** Integers of 64 bits as bigints, enums as their names; fields that are not on the wire are absent. */
const conversion = { longs: BigInt, enums: String, oneofs: false } as const

/**
 * Compiles a decoder of Confluent's framing: message indexes, then the message. Fields have the names of the .proto file.
 * Throws VAL_SCHEMA_MISMATCH if the schema does not parse, or if the reader has a schema of its own.
 */
export function compileProtobufDecoder<T>(writer: WriterSchema, reader: RecordReader<T>): RecordDecoder<T> {
  if (reader.avroType !== undefined) {
    throw new ValenceError('VAL_SCHEMA_MISMATCH', 'a Protobuf message is no TextEvent: set VALENCE_TEXT_FIELD')
  }
  const { root, own } = parseSchema(writer)
  const types = new Map<string, Type>()
  return (payload, header) => {
    const { indexes, length } = readMessageIndexes(header ?? payload)
    const message = header ? payload : payload.subarray(length)
    const name = indexes.join('.')
    const type = types.get(name) ?? findMessage(root, own, indexes)
    types.set(name, type)
    return reader.fromRecord(decodePayload(() => type.toObject(type.decode(new StrictReader(message)), conversion)))
  }
}

/** All files in one root, for references between them, and the writer's own, for the order of its messages. */
function parseSchema({ text, references }: WriterSchema): { readonly root: Root; readonly own: ProtoFile } {
  try {
    const root = new protobuf.Root()
    const own = readProtoFile(text)
    const files = [...references.map((reference) => readProtoFile(reference.text)), own]
    const given = new Set(references.map(({ name }) => name))
    for (const name of new Set(files.flatMap((file) => file.imports))) {
      const known = given.has(name) ? undefined : protobuf.common.get(name)?.nested
      if (known !== undefined) root.addJSON(known)
    }
    for (const file of files) file.addTo(root)
    root.resolveAll()
    return { root, own }
  } catch (cause) {
    throw new ValenceError('VAL_SCHEMA_MISMATCH', (cause as Error).message.slice(0, 200), { cause })
  }
}

/** protobufjs cuts a string that ends beyond the payload, and replaces invalid UTF-8. */
class StrictReader extends protobuf.Reader {
  override string(): string {
    return readUtf8(this.bytes(), 'a string of the payload')
  }
}

/** Throws VAL_SCHEMA_PAYLOAD_INVALID if the file has no message there. */
function findMessage(root: Root, own: ProtoFile, indexes: readonly number[]): Type {
  const name = own.messageAt(indexes)
  // An index may also lead to a map entry, which is no message in the root.
  const found = name === undefined ? null : root.lookup(name)
  if (found instanceof protobuf.Type) return found
  throw new ValenceError('VAL_SCHEMA_PAYLOAD_INVALID', `no message ${indexes.join('.')}`)
}
