import avro from 'avsc'
import { compileAvro } from '../../src/avro/avro-type.ts'
import type { AvroRecordSchema } from '../../src/index.ts'

/**
 * Why data written with one schema cannot be read with the other: undefined if it can.
 * The resolver decides on the schemas; a value of every branch then goes through it, from writer to reader.
 */
export function readingProblem(reader: AvroRecordSchema, writer: AvroRecordSchema): string | undefined {
  try {
    const readerType = compileAvro(reader)
    const resolver = readerType.createResolver(compileAvro(writer))
    // The plain type makes the samples: logical types and our longs cannot invent values.
    const samples = avro.Type.forSchema(writer as never)
    for (let index = 0; index < 50; index++) readerType.fromBuffer(samples.toBuffer(samples.random()), resolver)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
