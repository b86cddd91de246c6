import { embeddedSchemas } from '../embedded-schemas.ts'
import { type AvroCodec, createAvroCodec } from './avro-codec.ts'
import { createJsonCodec, type JsonCodec } from './json-codec.ts'
import {
  asRecord,
  invalid,
  readBoolean,
  readCount,
  readMap,
  readNullableString,
  readNullableTimestamp,
  readNumber,
  readString,
  readTimestamp,
} from './record-fields.ts'
import { type RecordOrigin, readOrigin } from './record-origin.ts'

/** The sentiment of a text. The text itself is not repeated. */
export interface ScoredEvent {
  readonly id: string
  /** Carried over from the text event, like `source`, `lang` and `attributes`. Epoch milliseconds. */
  readonly occurredAt: number | null
  readonly source: string | null
  readonly lang: string | null
  readonly attributes: Readonly<Record<string, string>>
  /** The most probable label. */
  readonly label: string
  /** Label → probability; the probabilities sum to 1. */
  readonly scores: Readonly<Record<string, number>>
  /** Σ probability × polarity, −1…1. */
  readonly valence: number
  /** `sha256`: first 12 hex digits of the digest of the graph. */
  readonly model: { readonly name: string; readonly version: string; readonly sha256: string }
  /** Number of tokens given to the model, special tokens included. */
  readonly tokens: number
  /** True if only the beginning of the text was scored. */
  readonly truncated: boolean
  /** Epoch milliseconds. */
  readonly scoredAt: number
  /** The record of the text; null if it did not come from Kafka. */
  readonly origin: RecordOrigin | null
}

/** Reads a scored event from an unchecked value. Throws VAL_RECORD_INVALID naming the field. */
function toScoredEvent(value: unknown): ScoredEvent {
  const record = asRecord(value, 'the record')
  if ((record.scores ?? null) === null) invalid('scores', 'an object')
  return {
    id: readString(record, 'id') || invalid('id', 'a string that is not empty'),
    occurredAt: readNullableTimestamp(record, 'occurredAt'),
    source: readNullableString(record, 'source'),
    lang: readNullableString(record, 'lang'),
    attributes: readMap(record, 'attributes', 'string'),
    label: readString(record, 'label'),
    scores: readMap(record, 'scores', 'number'),
    valence: readNumber(record, 'valence'),
    model: readModel(record.model),
    tokens: readCount(record, 'tokens'),
    truncated: readBoolean(record, 'truncated'),
    scoredAt: readTimestamp(record, 'scoredAt'),
    origin: (record.origin ?? null) === null ? null : readOrigin(record.origin),
  }
}

function readModel(value: unknown): ScoredEvent['model'] {
  const model = asRecord(value, 'model')
  return {
    name: readString(model, 'name', 'model.name'),
    version: readString(model, 'version', 'model.version'),
    sha256: readString(model, 'sha256', 'model.sha256'),
  }
}

function toAvro(event: ScoredEvent): unknown {
  const scored = toScoredEvent(event)
  const origin = scored.origin
  return origin === null ? scored : { ...scored, origin: { ...origin, offset: BigInt(origin.offset) } }
}

/** ScoredEvent ↔ Avro binary of the current schema, without framing. */
export const scoredEventAvro: AvroCodec<ScoredEvent> = createAvroCodec({
  schema: embeddedSchemas['scored-event'].avro,
  toAvro,
  fromAvro: toScoredEvent,
})

/** ScoredEvent ↔ JSON. */
export const scoredEventJson: JsonCodec<ScoredEvent> = createJsonCodec({
  toJson: toScoredEvent,
  fromJson: toScoredEvent,
})

export { toScoredEvent }
