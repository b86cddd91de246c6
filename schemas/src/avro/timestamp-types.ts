import avro, { type Type } from 'avsc'
import { longType } from './long-type.ts'

/** A time in a writer's unit, read as epoch milliseconds. Outside ±2^53 the number is inexact; readers check the range. */
class TimestampType extends avro.types.LogicalType {
  /** avsc would put its own long underneath, which cannot hold today's nanoseconds. */
  constructor(schema: unknown, options?: unknown) {
    expectBase(schema, 'long')
    super(longType, options)
    nameLogicalType(this, schema)
  }

  /** How many of the writer's units make a millisecond. */
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
    // A writer's time has been converted by its own type; a plain long or int is taken for milliseconds. A time of day
    // is no point in time.
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

/** Days since the epoch, read as the epoch milliseconds of their midnight in UTC. */
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

/** A time of day, in whatever unit: known by its name, so that nothing takes it for a point in time. */
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
 * avsc's `logicalTypes`: each unit a writer may have used. A local timestamp has no zone; it is read as UTC. Without a
 * prototype, so that a writer's logicalType `constructor` is none of them.
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

/** Debezium names the unit of a number by Kafka Connect's name alone: the same in Avro's words. */
const connectTypes: Readonly<Record<string, string>> = {
  'io.debezium.time.MicroTimestamp': 'timestamp-micros',
  'io.debezium.time.NanoTimestamp': 'timestamp-nanos',
  'io.debezium.time.Date': 'date',
  'io.debezium.time.Time': 'time-millis',
  'io.debezium.time.MicroTime': 'time-micros',
  'io.debezium.time.NanoTime': 'time-micros',
}

/** The logical type that a number's schema names, in Avro's words or in Debezium's. */
export function logicalTypeOf(schema: { readonly [name: string]: unknown }): string | undefined {
  const named = typeof schema.logicalType === 'string' ? schema.logicalType : undefined
  const connectName = schema['connect.name']
  const isConnect = typeof connectName === 'string' && Object.hasOwn(connectTypes, connectName)
  return named ?? (isConnect ? connectTypes[connectName] : undefined)
}
