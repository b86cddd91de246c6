import {
  deadLetterHeaders,
  defaultEventId,
  frame,
  headerNames,
  headersOfEnriched,
  headersWithoutPayload,
  type RecordHeaders,
  recordHeader,
  type ScoredEvent,
  scoredEventAvro,
  scoredEventJson,
  type ValenceError,
} from '@valence/schemas'
import { additionOf } from '../enrich/addition.ts'
import type { KafkaRecord, OutgoingRecord } from '../kafka/record.ts'
import type { TopicPartition } from '../kafka/topic-partition.ts'
import type { RecordResult } from './score-batch.ts'

export interface EncodeOptions {
  readonly outputTopic: string
  readonly deadLetterTopic: string
  /** `enrich`: a record without a text goes on as it is. @default 'event' */
  readonly mode?: 'event' | 'enrich'
  /** The registered schema of the output topic; undefined writes JSON. */
  readonly scoredEventSchemaId: number | undefined
  readonly outputPartition: (topic: string, key: Buffer | null, inputPartition: number) => number
  readonly now: () => number
}

/**
 * Encodes one outcome as the record to publish: a scored event or the enriched record, a dead letter, or
 * the tombstone itself. A record that is passed is enriched as it is; without a text there is no event: undefined.
 */
export type EncodeStep = (outcome: RecordResult, from: TopicPartition) => OutgoingRecord | undefined

export function createEncodeStep(options: EncodeOptions): EncodeStep {
  return (outcome, from) => {
    if (outcome.kind === 'rejected') return encodeDeadLetter(outcome.record, outcome.error, from, options)
    if (outcome.kind === 'passed' && options.mode !== 'enrich') return undefined
    const { key, headers } = outcome.record
    const topic = options.outputTopic
    const partition = options.outputPartition(topic, key, from.partition)
    // Without the input's timestamp, like every result: a topic with timestamp limits refuses old ones.
    if (outcome.kind === 'tombstone' || outcome.kind === 'passed') {
      return { topic, partition, key, value: outcome.record.value, headers }
    }
    if (outcome.append !== undefined) {
      const value = outcome.append(additionOf(outcome.sentiment, options.now()))
      return { topic, partition, key, value, headers: headersOfEnriched(headers) }
    }
    const event = scoredEvent(outcome, from, options.now())
    return { topic, partition, key, ...encodeScoredEvent(event, headers, options.scoredEventSchemaId) }
  }
}

/** The original record, bytes and headers unchanged, with the error and the origin in headers. */
export function encodeDeadLetter(
  record: KafkaRecord,
  error: ValenceError,
  from: TopicPartition,
  options: Pick<EncodeOptions, 'deadLetterTopic' | 'outputPartition' | 'now'>,
): OutgoingRecord {
  const topic = options.deadLetterTopic
  return {
    topic,
    partition: options.outputPartition(topic, record.key, from.partition),
    key: record.key,
    value: record.value,
    headers: deadLetterHeaders(record.headers, {
      code: error.code,
      message: error.message,
      origin: { ...from, offset: record.offset.toString(), timestamp: record.timestamp },
      failedAt: options.now(),
    }),
  }
}

function scoredEvent(outcome: RecordResult & { kind: 'scored' }, from: TopicPartition, scoredAt: number): ScoredEvent {
  const { event, record, sentiment } = outcome
  const origin = { topic: from.topic, partition: from.partition, offset: record.offset.toString() }
  return {
    id: event.id ?? defaultEventId(origin),
    occurredAt: event.occurredAt,
    source: event.source,
    lang: event.lang,
    attributes: event.attributes,
    label: sentiment.label,
    scores: sentiment.scores,
    valence: sentiment.valence,
    model: sentiment.model,
    tokens: sentiment.tokens,
    truncated: sentiment.truncated,
    scoredAt,
    origin,
  }
}

function encodeScoredEvent(
  event: ScoredEvent,
  headers: RecordHeaders,
  schemaId: number | undefined,
): { value: Buffer; headers: RecordHeaders } {
  const contentType = schemaId === undefined ? 'application/json' : 'application/vnd.confluent.avro'
  return {
    value: schemaId === undefined ? scoredEventJson.encode(event) : frame(schemaId, scoredEventAvro.encode(event)),
    headers: [...headersWithoutPayload(headers), recordHeader(headerNames.contentType, contentType)],
  }
}
