import Long from 'long'
import protobuf, { type Namespace, type Root, type Type } from 'protobufjs'
import { ValenceError } from '../errors.ts'
import { decodePayload } from '../records/avro-codec.ts'
import { readUtf8 } from '../records/check-unicode.ts'
import { readProtoFile } from './proto-file.ts'
import type { RecordDecoder, RecordReader } from './record-reader.ts'
import type { WriterSchema } from './writer-schema.ts'

// protobufjs looks for it by `require`, which a bundler or a test runner can lead astray, and then rounds silently.
protobuf.util.Long = Long
protobuf.configure()

/** Integers of 64 bits as digits, enums as their names; fields that are not on the wire are absent. */
const conversion = { longs: String, enums: String, oneofs: false } as const

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
  return (payload) => {
    const { indexes, message } = readIndexes(payload)
    const name = indexes.join('.')
    const type = types.get(name) ?? findMessage(root, own, indexes)
    types.set(name, type)
    return reader.fromRecord(decodePayload(() => type.toObject(type.decode(new StrictReader(message)), conversion)))
  }
}

/** All files in one root, for references between them, and the writer's own alone, for the order of its messages. */
function parseSchema({ text, references }: WriterSchema): { readonly root: Root; readonly own: Namespace } {
  try {
    const root = new protobuf.Root()
    const files = [...references.map((reference) => reference.text), text].map(readProtoFile)
    for (const name of files.flatMap((file) => file.imports)) {
      const known = protobuf.common.get(name)?.nested
      if (known !== undefined) root.addJSON(known)
    }
    for (const file of files) file.addTo(root)
    root.resolveAll()
    const alone = new protobuf.Root()
    const { packageName } = readProtoFile(text).addTo(alone)
    return { root, own: packageName === '' ? alone : (alone.lookup(packageName) as Namespace) }
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

const maxIndexes = 100

/** Zigzag varints: how many indexes, then each; a single zero stands for the first message. */
function readIndexes(payload: Buffer): { readonly indexes: readonly number[]; readonly message: Buffer } {
  return decodePayload(() => {
    const reader = new protobuf.Reader(payload)
    const count = reader.sint32()
    if (count < 0 || count > maxIndexes) throw new Error(`${count} message indexes`)
    const indexes = count === 0 ? [0] : Array.from({ length: count }, () => reader.sint32())
    return { indexes, message: payload.subarray(reader.pos) }
  })
}

/** The message that the indexes lead to, in the order of the file. Throws VAL_SCHEMA_PAYLOAD_INVALID if there is none. */
function findMessage(root: Root, own: Namespace, indexes: readonly number[]): Type {
  let found: Namespace = own
  for (const index of indexes) {
    const next = found.nestedArray.filter((nested) => nested instanceof protobuf.Type)[index]
    if (next === undefined) throw new ValenceError('VAL_SCHEMA_PAYLOAD_INVALID', `no message ${indexes.join('.')}`)
    found = next
  }
  return root.lookupType(found.fullName)
}
