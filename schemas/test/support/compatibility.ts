import avro from 'avsc'
import { compileAvro } from '../../src/avro/avro-type.ts'
import type { AvroRecordSchema } from '../../src/index.ts'

/**
 * Why data of one schema cannot be read with the other; undefined if it can.
 * Checks that the schemas resolve, then that a value of every branch is read.
 */
export function readingProblem(reader: AvroRecordSchema, writer: AvroRecordSchema): string | undefined {
  try {
    const readerType = compileAvro(reader)
    const resolver = readerType.createResolver(compileAvro(writer))
    // Samples come from the plain type, because avsc's `random` does not work with logical types and our longs.
    const samples = avro.Type.forSchema(writer as never)
    for (let index = 0; index < 50; index++) readerType.fromBuffer(samples.toBuffer(samples.random()), resolver)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
