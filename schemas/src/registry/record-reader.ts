import type { Type } from 'avsc'
import { compileAvro } from '../avro/avro-type.ts'
import { embeddedSchemas } from '../embedded-schemas.ts'
import { readTextFields, type TextFields } from '../fields/text-fields.ts'
import type { AvroRecordSchema, RecordKind } from '../record-kind.ts'
import { type FeedbackEvent, toFeedbackEvent } from '../records/feedback-event.ts'
import { type ScoredEvent, toScoredEvent } from '../records/scored-event.ts'
import { type TextEvent, toTextEvent } from '../records/text-event.ts'

/**
 * Decodes a payload without its framing. Throws VAL_SCHEMA_PAYLOAD_INVALID, VAL_RECORD_INVALID or VAL_TEXT_*.
 * @param indexes the message indexes of Protobuf, where a header has them and not the payload
 */
export type RecordDecoder<T> = (payload: Buffer, indexes?: Buffer) => T

/** Target of decoding: what a writer's schema must lead to, and the conversion to an event. */
export interface RecordReader<T> {
  /** The properties that a JSON Schema must list if it lists any. */
  readonly requiredProperties: readonly string[]
  /** The reader's type, compiled at the first call. Undefined: any schema will do, and payloads are read by it alone. */
  readonly avroType: (() => Type) | undefined
  /**
   * @param exact the value with the digits of its numbers as written; undefined where none can be lost
   * @throws VAL_RECORD_INVALID or VAL_TEXT_*
   */
  fromRecord(value: unknown, exact?: () => unknown): T
}

export const textEventReader: RecordReader<TextEvent> = createReader(
  'text-event',
  lenient(embeddedSchemas['text-event'].avro),
  toTextEvent,
)

export const scoredEventReader: RecordReader<ScoredEvent> = createReader(
  'scored-event',
  embeddedSchemas['scored-event'].avro,
  toScoredEvent,
)

export const feedbackEventReader: RecordReader<FeedbackEvent> = createReader(
  'feedback-event',
  lenient(embeddedSchemas['feedback-event'].avro),
  toFeedbackEvent,
)

/** Reads a record of any shape as it is. */
export const valueReader: RecordReader<unknown> = {
  requiredProperties: [],
  avroType: undefined,
  fromRecord: (value) => value,
}

/** Reads texts from records of any shape. */
export function createTextFieldsReader(fields: TextFields): RecordReader<TextEvent> {
  return {
    requiredProperties: [],
    avroType: undefined,
    fromRecord: (value, exact) => readTextFields(fields, value, exact),
  }
}

function createReader<T>(
  kind: RecordKind,
  schema: AvroRecordSchema,
  fromRecord: (value: unknown) => T,
): RecordReader<T> {
  let type: Type | undefined
  return {
    requiredProperties: embeddedSchemas[kind].json.required,
    avroType() {
      type ??= compileAvro(schema)
      return type
    },
    fromRecord,
  }
}

/**
 * The schema with every field nullable. Many generators make every field nullable, and Avro cannot resolve a nullable
 * field to one that is not. `fromRecord` then checks each record for nulls.
 */
function lenient(schema: AvroRecordSchema): AvroRecordSchema {
  return {
    ...schema,
    fields: schema.fields.map((field) => {
      if (Array.isArray(field.type)) return field
      const { default: fallback, ...rest } = field
      // A field without a default stays required in the writer's schema.
      return { ...rest, type: ['null', field.type], ...(fallback === undefined ? {} : { default: null }) }
    }),
  }
}
