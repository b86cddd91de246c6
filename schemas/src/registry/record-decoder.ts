import type { Resolver } from 'avsc'
import { compileAvro } from '../avro/avro-type.ts'
import { withoutInheritedNames } from '../avro/inherited-names.ts'
import { ValenceError } from '../errors.ts'
import { decodePayload } from '../records/avro-codec.ts'
import { compileJsonDecoder } from './json-decoder.ts'
import type { RecordDecoder, RecordReader } from './record-reader.ts'
import type { WriterSchema } from './writer-schema.ts'

/** Compiling is done on the event loop and takes about 2 ms for 10,000 characters. */
const largestSchema = 256 * 1024

/**
 * Resolves the writer's schema to ours, once. Throws VAL_SCHEMA_MISMATCH where there is no way from it to ours, and
 * VAL_SCHEMA_TOO_COMPLEX or VAL_SCHEMA_PATTERN_REFUSED where reading with it could take more than a bounded time.
 */
export async function compileDecoder<T>(writer: WriterSchema, reader: RecordReader<T>): Promise<RecordDecoder<T>> {
  const size = writer.references.reduce((sum, { text }) => sum + text.length, writer.text.length)
  if (size > largestSchema) {
    throw new ValenceError('VAL_SCHEMA_TOO_COMPLEX', `${size} characters of schema, references included`)
  }
  switch (writer.type) {
    case 'AVRO':
      return compileAvroDecoder(writer, reader)
    case 'JSON':
      return compileJsonDecoder(writer, reader)
    default:
      throw new ValenceError('VAL_SCHEMA_MISMATCH', `${writer.type.slice(0, 40)} schemas are not read`)
  }
}

function compileAvroDecoder<T>(writer: WriterSchema, reader: RecordReader<T>): RecordDecoder<T> {
  const readerType = reader.avroType()
  const resolver = resolve(writer, reader)
  return (payload) => reader.fromRecord(decodePayload(() => readerType.fromBuffer(payload, resolver)))
}

function resolve<T>(writer: WriterSchema, reader: RecordReader<T>): Resolver {
  try {
    const writerType = compileAvro(
      readAvro(writer.text),
      writer.references.map((reference) => readAvro(reference.text)),
    )
    if (writerType.typeName !== 'record') throw new Error(`a ${writerType.typeName} is no record`)
    // Namespaces are the writer's own; the name and the fields are what counts.
    return reader.avroType().createResolver(writerType, { ignoreNamespaces: true })
  } catch (cause) {
    throw new ValenceError('VAL_SCHEMA_MISMATCH', (cause as Error).message.slice(0, 200), { cause })
  }
}

function readAvro(text: string): unknown {
  return withoutInheritedNames(JSON.parse(text))
}
