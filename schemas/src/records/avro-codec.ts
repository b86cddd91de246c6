import type { Type } from 'avsc'
import { compileAvro } from '../avro/avro-type.ts'
import { isValenceError, ValenceError } from '../errors.ts'
import type { AvroRecordSchema } from '../record-kind.ts'

/** An event ↔ Avro binary of its current schema, without framing. */
export interface AvroCodec<T, Input = T> {
  /** Throws VAL_RECORD_INVALID (naming the field) or VAL_TEXT_*. */
  encode(event: Input): Buffer
  /** Throws VAL_SCHEMA_PAYLOAD_INVALID, VAL_RECORD_INVALID or VAL_TEXT_*. */
  decode(payload: Buffer): T
}

interface AvroMapping<T, Input> {
  readonly schema: AvroRecordSchema
  readonly toAvro: (event: Input) => unknown
  readonly fromAvro: (value: unknown) => T
}

export function createAvroCodec<T, Input = T>(mapping: AvroMapping<T, Input>): AvroCodec<T, Input> {
  let compiled: Type | undefined
  function type(): Type {
    compiled ??= compileAvro(mapping.schema)
    return compiled
  }
  return {
    encode: (event) => writeAvro(type(), mapping.toAvro(event)),
    decode: (payload) => mapping.fromAvro(decodePayload(() => type().fromBuffer(payload))),
  }
}

/** Reused for encoding: avsc's toBuffer allocates for each event. */
let scratch = Buffer.allocUnsafe(4_096)
const maxScratchBytes = 65_536

function writeAvro(type: Type, value: unknown): Buffer {
  const end = type.encode(value, scratch, 0)
  if (end >= 0) return Buffer.from(scratch.subarray(0, end))
  const needed = scratch.length - end
  if (needed > maxScratchBytes) return type.toBuffer(value)
  scratch = Buffer.allocUnsafe(Math.min(2 * needed, maxScratchBytes))
  return writeAvro(type, value)
}

/** Runs `read`; errors other than ValenceError become VAL_SCHEMA_PAYLOAD_INVALID. */
export function decodePayload<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw isValenceError(cause) ? cause : new ValenceError('VAL_SCHEMA_PAYLOAD_INVALID', undefined, { cause })
  }
}
