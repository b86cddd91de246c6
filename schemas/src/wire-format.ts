import { ValenceError } from './errors.ts'

const magicByte = 0x00
const headerBytes = 5

/** Frames a payload in Confluent's wire format: byte 0, schema id as big-endian int32, payload. */
export function frame(schemaId: number, payload: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(headerBytes + payload.length)
  framed[0] = magicByte
  framed.writeInt32BE(schemaId, 1)
  framed.set(payload, headerBytes)
  return framed
}

/**
 * The schema id of a framed value; undefined if the value does not begin with the magic byte.
 * Throws VAL_SCHEMA_PAYLOAD_INVALID if the value ends within the id.
 */
export function readSchemaId(value: Buffer): number | undefined {
  if (value[0] !== magicByte) return undefined
  if (value.length < headerBytes) {
    throw new ValenceError('VAL_SCHEMA_PAYLOAD_INVALID', `${value.length} bytes hold no schema id`)
  }
  return value.readInt32BE(1)
}

/** The payload of a framed value, as a view of it. */
export function framedPayload(value: Buffer): Buffer {
  return value.subarray(headerBytes)
}
