import { parseJsonObject } from './json-bytes.ts'

/** An event ↔ JSON. */
export interface JsonCodec<T, Input = T> {
  /**
   * Reads the event from a parsed value or from the bytes of a JSON object.
   * Throws VAL_RECORD_INVALID (naming the field) or VAL_TEXT_*; for bytes also VAL_RECORD_NOT_UTF8, VAL_RECORD_JSON_INVALID.
   */
  parse(value: unknown): T
  /** The event as a value for JSON.stringify. Throws VAL_RECORD_INVALID or VAL_TEXT_*. */
  toJson(event: Input): Record<string, unknown>
  /** The event as bytes. Throws like `toJson`. */
  encode(event: Input): Buffer
}

interface JsonMapping<T, Input> {
  readonly toJson: (event: Input) => object
  readonly fromJson: (value: unknown) => T
}

export function createJsonCodec<T, Input = T>(mapping: JsonMapping<T, Input>): JsonCodec<T, Input> {
  const toJson = mapping.toJson as (event: Input) => Record<string, unknown>
  return {
    parse: (value) => mapping.fromJson(value instanceof Uint8Array ? parseJsonObject(value) : value),
    toJson,
    encode: (event) => Buffer.from(JSON.stringify(toJson(event))),
  }
}
