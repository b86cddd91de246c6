import { randomUUID } from 'node:crypto'
import {
  checkUnicode,
  frame,
  type HeaderRecord,
  type HeaderValue,
  headersFromRecord,
  type RecordHeader,
  type RecordHeaders,
  recordHeader,
  type SchemaRegistry,
  type TextEventInput,
  textEventAvro,
  textEventJson,
  valueSubject,
} from '@valence/schemas'
import { type Message, messageHeaders } from '../kafka/index.ts'

/** Format of the produced record. */
export type TextFormat = 'avro' | 'json'

/** Headers by name, with several values of one name as an array; or a list, which keeps the order. */
export type HeadersInput = HeaderRecord | readonly { readonly name: string; readonly value: HeaderValue }[]

/** Key, headers and partition of one text. */
export interface SendOptions {
  /** Records of one key go to one partition and stay in order; so do their scores. */
  readonly key?: string | Buffer | null | undefined
  readonly headers?: HeadersInput | undefined
  /** Overrides the partition chosen by key. */
  readonly partition?: number | undefined
}

/** An encoded text. `bytes`: its approximate size in Kafka. */
export interface TextRecord {
  readonly id: string
  readonly message: Message
  readonly bytes: number
}

/** Overhead of a record besides key and value: lengths, offsets, its share of the batch header. */
const overheadBytes = 24

/** @throws VAL_RECORD_INVALID, VAL_TEXT_EMPTY, VAL_TEXT_TOO_LARGE */
export type TextEncoder = (event: TextEventInput & { readonly id: string }) => Buffer

/**
 * Creates the encoder. JSON needs no registry; Avro is framed with the id of its schema, which is registered if
 * missing.
 */
export async function createTextEncoder(
  format: TextFormat,
  topic: string,
  registry: SchemaRegistry | undefined,
): Promise<TextEncoder> {
  if (format === 'json' || !registry) return (event) => textEventJson.encode(event)
  const schemaId = await registry.registerFor(valueSubject(topic), 'text-event')
  return (event) => frame(schemaId, textEventAvro.encode(event))
}

/** The event with default id and time. */
export function completeEvent(event: TextEventInput): TextEventInput & { readonly id: string } {
  return { ...event, id: event.id || randomUUID(), occurredAt: event.occurredAt ?? Date.now() }
}

/** The given headers as a list. @throws VAL_RECORD_NOT_UTF8 if a name or value is a string with a lone surrogate */
export function listHeaders(headers: HeadersInput = []): RecordHeader[] {
  if (!Array.isArray(headers)) return headersFromRecord(headers as HeaderRecord)
  return (headers as readonly RecordHeader[]).map((header) =>
    header.nameBytes === undefined ? recordHeader(header.name, header.value) : header,
  )
}

interface TextRecordOptions extends Omit<SendOptions, 'headers'> {
  readonly headers?: RecordHeaders
}

/** @throws VAL_RECORD_NOT_UTF8 if the key is a string with a lone surrogate */
export function toTextRecord(
  id: string,
  value: Buffer,
  { key, headers = [], partition }: TextRecordOptions,
): TextRecord {
  if (typeof key === 'string') checkUnicode(key, 'the key')
  const message: Message = {
    key: key ?? null,
    value,
    ...(headers.length === 0 ? {} : { headers: messageHeaders(headers) }),
    ...(partition === undefined ? {} : { partition }),
  }
  const headerBytes = headers.reduce((sum, header) => sum + sizeOfHeader(header), 0)
  return { id, message, bytes: overheadBytes + Buffer.byteLength(key ?? '') + value.length + headerBytes }
}

function sizeOfHeader({ name, value }: RecordHeader): number {
  return Buffer.byteLength(name) + (value?.length ?? 0)
}
