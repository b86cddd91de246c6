import {
  frame,
  type RecordHeaders,
  readIndexesHeader,
  type SchemaId,
  ValenceError,
  type WriterSchema,
} from '@valence/schemas'
import { readMessageIndexes } from '@valence/schemas/protobuf'
import type { Append } from './addition.ts'
import { avroAddition } from './avro-addition.ts'
import type { ProtobufField } from './derive-protobuf.ts'
import { enrichJson } from './enrich-json.ts'
import type { EnrichedIds } from './enriched-ids.ts'
import { expectNumberUnused, protobufAddition } from './protobuf-addition.ts'

/** A record of the input and how its bytes are read. */
export interface EnrichableRecord {
  readonly value: Buffer
  readonly headers: RecordHeaders
  readonly format: 'json' | 'text' | 'schema'
  readonly schemaId: SchemaId | undefined
  /** Bytes in front of the payload: 0 where a header names the schema. */
  readonly payloadOffset: number
}

/**
 * Finds out how to add a sentiment to a record, before it is scored; at once where the derived schema is known.
 * @throws VAL_ENRICH_RECORD_REFUSED, VAL_ENRICH_FIELD_TAKEN, VAL_ENRICH_SCHEMA_REFUSED, VAL_REGISTRY_UNAVAILABLE
 */
export type EnrichRecord = (record: EnrichableRecord) => Append | Promise<Append>

/** @param ids undefined without a registry: then no record has a schema */
export function createEnrichRecord(field: ProtobufField, ids: EnrichedIds | undefined): EnrichRecord {
  return (record) => {
    const { value, format, schemaId } = record
    if (format === 'json') return enrichJson(value, field.name)
    if (format === 'text') throw new ValenceError('VAL_ENRICH_RECORD_REFUSED', 'a bare text')
    if (schemaId === undefined || ids === undefined) throw new ValenceError('VAL_REGISTRY_REQUIRED')
    return after(ids.writer(schemaId), (writer) => {
      const payload = payloadOf(record, writer)
      const append = appendTo(payload, writer, field)
      return after(ids.derived(schemaId, writer, payload.indexes), (id) => (addition) => frame(id, append(addition)))
    })
  }
}

function after<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}

interface Payload {
  /** What follows the schema id. */
  readonly bytes: Buffer
  /** Of Protobuf; those of others are empty. */
  readonly indexes: readonly number[]
  /** Where the message begins in the bytes. */
  readonly start: number
}

/** Message indexes where a header has an id without them. */
const firstMessage = Buffer.of(0)

function payloadOf({ value, payloadOffset, headers }: EnrichableRecord, { type }: WriterSchema): Payload {
  const own = value.subarray(payloadOffset)
  if (type !== 'PROTOBUF') return { bytes: own, indexes: [], start: 0 }
  // The indexes move with the id: from the header to the front of the message.
  const bytes = payloadOffset === 0 ? Buffer.concat([readIndexesHeader(headers) ?? firstMessage, own]) : own
  const { indexes, length } = readMessageIndexes(bytes)
  return { bytes, indexes, start: length }
}

function appendTo({ bytes, start }: Payload, { type }: WriterSchema, { name, number }: ProtobufField): Append {
  if (type === 'JSON') return enrichJson(bytes, name)
  if (type === 'AVRO') return (addition) => Buffer.concat([bytes, avroAddition(addition)])
  if (type !== 'PROTOBUF') throw new ValenceError('VAL_ENRICH_RECORD_REFUSED', `a schema of type ${type}`)
  expectNumberUnused(bytes.subarray(start), number)
  return (addition) => Buffer.concat([bytes, protobufAddition(number, addition)])
}
