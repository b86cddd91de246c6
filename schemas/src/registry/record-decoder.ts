import type { Resolver, Type } from 'avsc'
import { compileAvro } from '../avro/avro-type.ts'
import { withoutInheritedNames } from '../avro/inherited-names.ts'
import { ValenceError } from '../errors.ts'
import { decodePayload } from '../records/avro-codec.ts'
import { compileJsonDecoder } from './json-decoder.ts'
import type { RecordDecoder, RecordReader } from './record-reader.ts'
import type { WriterSchema } from './writer-schema.ts'

/** Maximum characters of a schema with its references. Compiling blocks the event loop, about 2 ms per 10,000 characters. */
const maxSchemaLength = 256 * 1024

/**
 * Compiles a decoder from the writer's schema to ours. Throws VAL_SCHEMA_MISMATCH if it cannot be resolved to ours, and
 * VAL_SCHEMA_TOO_COMPLEX or VAL_SCHEMA_PATTERN_REFUSED if reading with it has no time bound.
 */
export async function compileDecoder<T>(writer: WriterSchema, reader: RecordReader<T>): Promise<RecordDecoder<T>> {
  const size = writer.references.reduce((sum, { text }) => sum + text.length, writer.text.length)
  if (size > maxSchemaLength) {
    throw new ValenceError('VAL_SCHEMA_TOO_COMPLEX', `${size} characters of schema, references included`)
  }
  switch (writer.type) {
    case 'AVRO':
      return compileAvroDecoder(writer, reader)
    case 'JSON':
      return compileJsonDecoder(writer, reader)
    case 'PROTOBUF':
      // Loaded where a writer uses it.
      return (await import('./protobuf-decoder.ts')).compileProtobufDecoder(writer, reader)
    default:
      throw new ValenceError('VAL_SCHEMA_MISMATCH', `${writer.type.slice(0, 40)} schemas are not supported`)
  }
}

function compileAvroDecoder<T>(writer: WriterSchema, { avroType, fromRecord }: RecordReader<T>): RecordDecoder<T> {
  const writerType = orMismatch(() =>
    compileAvro(
      readAvro(writer.text),
      writer.references.map((reference) => readAvro(reference.text)),
      avroType === undefined ? 'digits' : 'bytes',
    ),
  )
  if (avroType === undefined) return (payload) => fromRecord(decodePayload(() => writerType.fromBuffer(payload)))
  const readerType = avroType()
  const resolver = orMismatch(() => resolve(writerType, readerType))
  return (payload) => fromRecord(decodePayload(() => readerType.fromBuffer(payload, resolver)))
}

function resolve(writerType: Type, readerType: Type): Resolver {
  if (writerType.typeName !== 'record') throw new Error(`a ${writerType.typeName} is no record`)
  // Writers use their own namespaces; only the name and the fields must match.
  return readerType.createResolver(writerType, { ignoreNamespaces: true })
}

function orMismatch<R>(compile: () => R): R {
  try {
    return compile()
  } catch (cause) {
    throw new ValenceError('VAL_SCHEMA_MISMATCH', (cause as Error).message.slice(0, 200), { cause })
  }
}

function readAvro(text: string): unknown {
  return withoutInheritedNames(JSON.parse(text))
}
