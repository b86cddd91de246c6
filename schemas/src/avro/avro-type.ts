import avro, { type Type } from 'avsc'
import { boundedType } from './bounded-types.ts'
import { DecimalType } from './decimal-type.ts'
import { longType } from './long-type.ts'
import { stringType } from './string-type.ts'
import { logicalTypeOf, timestampTypes } from './timestamp-types.ts'

const withDecimals = Object.assign(Object.create(null) as typeof timestampTypes, timestampTypes, {
  decimal: DecimalType,
})

/**
 * Compiles an Avro schema: longs are bigints, timestamps are epoch milliseconds, strings must be valid UTF-8.
 * @param references schemas that it refers to, each after its own dependencies
 * @param decimals `digits`: of the logical type, as strings; by default they stay bytes, which resolve to other types
 * @throws errors of avsc
 */
export function compileAvro(
  schema: unknown,
  references: readonly unknown[] = [],
  decimals: 'bytes' | 'digits' = 'bytes',
): Type {
  const options = {
    registry: { long: longType, string: stringType },
    logicalTypes: (decimals === 'digits' ? withDecimals : timestampTypes) as never,
    typeHook,
  }
  for (const reference of references) avro.Type.forSchema(reference as never, options)
  return avro.Type.forSchema(schema as never, options)
}

function typeHook(schema: unknown, options: unknown): Type | undefined {
  const named = (schema ?? {}) as { readonly [name: string]: unknown }
  const { type } = named
  // avsc uses `options.registry` only for types given as a bare name, not as `{"type": "string"}`.
  if (type === 'string') return stringType
  if (type === 'long' || type === 'int') return timeType(named, type, options)
  return boundedType(schema, options)
}

/** The type of an int or long: a time type if it has a known logical type, else `longType`, or undefined for avsc's int. */
function timeType(schema: object, type: 'long' | 'int', options: unknown): Type | undefined {
  const logicalType = logicalTypeOf(schema as { readonly [name: string]: unknown })
  const TimeType = logicalType === undefined ? undefined : timestampTypes[logicalType]
  try {
    if (TimeType) return new TimeType({ type, logicalType } as never, options as never)
  } catch {
    // The logical type does not fit the number type. The Avro specification says to ignore it then.
  }
  return type === 'long' ? longType : undefined
}
