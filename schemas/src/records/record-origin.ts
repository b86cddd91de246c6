import { asRecord, readCount, readOffset, readString } from './record-fields.ts'

/** Topic, partition and offset of a record. `offset`: decimal digits, because it can exceed 2^53. */
export interface RecordOrigin {
  readonly topic: string
  readonly partition: number
  readonly offset: string
}

/** Reads an origin from an unchecked value. Throws VAL_RECORD_INVALID. */
export function readOrigin(value: unknown): RecordOrigin {
  const origin = asRecord(value, 'origin')
  return {
    topic: readString(origin, 'topic', 'origin.topic'),
    partition: readCount(origin, 'partition', 'origin.partition'),
    offset: readOffset(origin, 'offset', 'origin.offset'),
  }
}

/** The id of an event without one: `topic-partition-offset`. */
export function defaultEventId(origin: RecordOrigin): string {
  return `${origin.topic}-${origin.partition}-${origin.offset}`
}
