import { embeddedSchemas } from '../embedded-schemas.ts'
import { type AvroCodec, createAvroCodec } from './avro-codec.ts'
import { createJsonCodec, type JsonCodec } from './json-codec.ts'
import { asRecord, invalid, readNullableTimestamp, readString } from './record-fields.ts'

/** The true label of a scored text. */
export interface FeedbackEvent {
  /** Id of the scored event. */
  readonly id: string
  readonly label: string
  /** Epoch milliseconds. */
  readonly judgedAt: number | null
}

/** Reads a feedback event from an unchecked value. Throws VAL_RECORD_INVALID naming the field. */
export function toFeedbackEvent(value: unknown): FeedbackEvent {
  const record = asRecord(value, 'the record')
  return {
    id: readString(record, 'id') || invalid('id', 'a string that is not empty'),
    label: readString(record, 'label') || invalid('label', 'a string that is not empty'),
    judgedAt: readNullableTimestamp(record, 'judgedAt'),
  }
}

/** FeedbackEvent ↔ Avro binary of the current schema, without framing. */
export const feedbackEventAvro: AvroCodec<FeedbackEvent> = createAvroCodec({
  schema: embeddedSchemas['feedback-event'].avro,
  toAvro: toFeedbackEvent,
  fromAvro: toFeedbackEvent,
})

/** FeedbackEvent ↔ JSON. */
export const feedbackEventJson: JsonCodec<FeedbackEvent> = createJsonCodec({
  toJson: toFeedbackEvent,
  fromJson: toFeedbackEvent,
})
