import avro, { type Type } from 'avsc'
import { longType } from './long-type.ts'

/** A timestamp in the writer's unit, read as epoch milliseconds. Beyond ±2^53 the number is inexact; readers check the range. */
class TimestampType extends avro.types.LogicalType {
  /** Uses `longType`: avsc's own long ends at 2^53, below today's time in nanoseconds. */
  constructor(schema: unknown, options?: unknown) {
    expectBase(schema, 'long')
    super(longType, options)
    nameLogicalType(this, schema)
  }

  /** The writer's units per millisecond. */
  protected get unitsPerMs(): bigint {
    return 1n
  }

  protected override _fromValue(value: bigint): number {
    const units = this.unitsPerMs
    const ms = value / units
    return Number(value < 0n && value % units !== 0n ? ms - 1n : ms)
  }

  protected override _toValue(ms: unknown): bigint | undefined {
    return Number.isSafeInteger(ms) ? BigInt(ms as number) * this.unitsPerMs : undefined
  }

  protected override _resolve(writer: Type): ((value: number | bigint) => number) | undefined {
    // A writer's logical time is converted to milliseconds by its own type. A plain long or int is read as milliseconds.
    // A time of day (`logical:time`) is not in the list, because it is no timestamp.
    const names = ['logical:timestamp', 'logical:local-timestamp', 'logical:date', 'long', 'abstract:long', 'int']
    return avro.Type.isType(writer, ...names) ? Number : undefined
  }
}

class TimestampMicrosType extends TimestampType {
  protected override get unitsPerMs(): bigint {
    return 1_000n
  }
}

class TimestampNanosType extends TimestampType {
  protected override get unitsPerMs(): bigint {
    return 1_000_000n
  }
}

const intType = avro.Type.forSchema('int')
const dayMs = 86_400_000

/** Days since the epoch, read as epoch milliseconds of midnight UTC. */
class DateType extends avro.types.LogicalType {
  constructor(schema: unknown, options?: unknown) {
    expectBase(schema, 'int')
    super(intType, options)
    nameLogicalType(this, schema)
  }

  protected override _fromValue(days: number): number {
    return days * dayMs
  }

  protected override _toValue(ms: unknown): number {
    return Math.floor(Number(ms) / dayMs)
  }
}

/** A time of day in any unit. Defined so that it is not read as a plain number, that is, as a timestamp. */
class TimeOfDayType extends avro.types.LogicalType {
  constructor(schema: unknown, options?: unknown) {
    const { type } = schema as { type: unknown }
    super(type === 'int' ? intType : longType, options)
    nameLogicalType(this, schema)
  }

  protected override _fromValue(value: unknown): unknown {
    return value
  }

  protected override _toValue(value: unknown): unknown {
    return value
  }
}

function expectBase(schema: unknown, base: string): void {
  const { type, logicalType } = schema as { type: unknown; logicalType: string }
  if (type !== base) throw new Error(`${logicalType} must be of type ${base}`)
}

function nameLogicalType(type: object, schema: unknown): void {
  Object.assign(type, { _logicalTypeName: (schema as { logicalType: string }).logicalType })
}

/**
 * avsc's `logicalTypes`, for each unit of a writer. Local timestamps have no zone and are read as UTC. The object has no
 * prototype, so that a logical type named `constructor` is not found.
 */
export const timestampTypes = Object.assign(Object.create(null) as Record<string, typeof avro.types.LogicalType>, {
  'timestamp-millis': TimestampType,
  'timestamp-micros': TimestampMicrosType,
  'timestamp-nanos': TimestampNanosType,
  'local-timestamp-millis': TimestampType,
  'local-timestamp-micros': TimestampMicrosType,
  'local-timestamp-nanos': TimestampNanosType,
  date: DateType,
  'time-millis': TimeOfDayType,
  'time-micros': TimeOfDayType,
})

/** Debezium's `connect.name` of a time, which has no Avro logical type → the logical type. */
const connectTypes: Readonly<Record<string, string>> = {
  'io.debezium.time.MicroTimestamp': 'timestamp-micros',
  'io.debezium.time.NanoTimestamp': 'timestamp-nanos',
  'io.debezium.time.Date': 'date',
  'io.debezium.time.Time': 'time-millis',
  'io.debezium.time.MicroTime': 'time-micros',
  'io.debezium.time.NanoTime': 'time-micros',
}

/** The logical type of a number's schema, from `logicalType` or from Debezium's `connect.name`. */
export function logicalTypeOf(schema: { readonly [name: string]: unknown }): string | undefined {
  const named = typeof schema.logicalType === 'string' ? schema.logicalType : undefined
  const connectName = schema['connect.name']
  const isConnect = typeof connectName === 'string' && Object.hasOwn(connectTypes, connectName)
  return named ?? (isConnect ? connectTypes[connectName] : undefined)
}
