import avro, { type Type } from 'avsc'
import { longType } from './long-type.ts'

/** A timestamp in a writer's unit, read as epoch milliseconds. Outside ±2^53 the number is inexact; readers check the range. */
class TimestampType extends avro.types.LogicalType {
  /** avsc would put its own long underneath, which cannot hold today's nanoseconds. */
  constructor(schema: unknown, options?: unknown) {
    const { type, logicalType } = schema as { type: unknown; logicalType: string }
    if (type !== 'long') throw new Error(`${logicalType} must be a long`)
    super(longType, options)
    Object.assign(this, { _logicalTypeName: logicalType })
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
    // A writer's timestamp has been converted by its own type; a plain long or int is taken for milliseconds.
    const isNumeric = avro.Type.isType(writer, 'logical:timestamp', 'long', 'abstract:long', 'int')
    return isNumeric ? Number : undefined
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

/** avsc's `logicalTypes`: each unit a writer may have used. */
export const timestampTypes = {
  'timestamp-millis': TimestampType,
  'timestamp-micros': TimestampMicrosType,
  'timestamp-nanos': TimestampNanosType,
}
