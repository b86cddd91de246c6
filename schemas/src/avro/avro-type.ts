import avro, { type Type } from 'avsc'
import { boundedType } from './bounded-types.ts'
import { longType } from './long-type.ts'
import { stringType } from './string-type.ts'
import { timestampTypes } from './timestamp-types.ts'

/**
 * Compiles an Avro schema: longs are bigints, timestamps are epoch milliseconds, strings are valid UTF-8.
 * `references` are schemas that it names, in the order of their dependence. Throws what avsc throws.
 */
export function compileAvro(schema: unknown, references: readonly unknown[] = []): Type {
  const options = {
    registry: { long: longType, string: stringType },
    logicalTypes: timestampTypes as never,
    typeHook,
  }
  for (const reference of references) avro.Type.forSchema(reference as never, options)
  return avro.Type.forSchema(schema as never, options)
}

function typeHook(schema: unknown, options: unknown): Type | undefined {
  const { type, logicalType } = (schema ?? {}) as { type?: unknown; logicalType?: unknown }
  // The registry above answers for the bare names only.
  if (type === 'string') return stringType
  if (type === 'long' && !Object.hasOwn(timestampTypes, String(logicalType))) return longType
  return boundedType(schema, options)
}
