import avro, { type Type } from 'avsc'
import { boundedType } from './bounded-types.ts'
import { longType } from './long-type.ts'
import { stringType } from './string-type.ts'
import { logicalTypeOf, timestampTypes } from './timestamp-types.ts'

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
  const named = (schema ?? {}) as { readonly [name: string]: unknown }
  const { type } = named
  // The registry above answers for the bare names only.
  if (type === 'string') return stringType
  if (type === 'long' || type === 'int') return timeType(named, type, options)
  return boundedType(schema, options)
}

/** A number that its schema calls a time; a long is ours in any case, and avsc makes a plain int. */
function timeType(schema: object, type: 'long' | 'int', options: unknown): Type | undefined {
  const logicalType = logicalTypeOf(schema as { readonly [name: string]: unknown })
  const TimeType = logicalType === undefined ? undefined : timestampTypes[logicalType]
  try {
    if (TimeType) return new TimeType({ type, logicalType } as never, options as never)
  } catch {
    // On the wrong number it is no time, as Avro's specification has it.
  }
  return type === 'long' ? longType : undefined
}
