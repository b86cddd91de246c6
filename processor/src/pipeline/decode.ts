import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import {
  type FramedValue,
  foreignCharset,
  headerNames,
  httpHeaderText,
  isValenceError,
  looksLikeJson,
  readBareText,
  readFramedValue,
  readSchemaIdHeader,
  type SchemaRegistry,
  type TextEvent,
  textEventJson,
  ValenceError,
} from '@valence/schemas'
import type { KafkaRecord } from '../kafka/record.ts'

/** What a record turned out to be. */
export type Decoded =
  | { readonly kind: 'text'; readonly record: KafkaRecord; readonly event: TextEvent }
  | { readonly kind: 'tombstone'; readonly record: KafkaRecord }
  | { readonly kind: 'rejected'; readonly record: KafkaRecord; readonly error: ValenceError }

export type RecordFormat = 'avro' | 'json' | 'text'

export interface DecodeOptions {
  /** Without one, records in the Confluent wire format are rejected. */
  readonly registry: SchemaRegistry | undefined
  /** The only accepted format, or `auto`. */
  readonly format: RecordFormat | 'auto'
}

/** After this time decoding yields to the event loop, so that slow records do not delay heartbeats. */
const sliceMs = 20

/**
 * Decodes records in order; a bad record is rejected alone.
 * @throws VAL_REGISTRY_UNAVAILABLE, VAL_SCHEMA_NOT_YET_KNOWN: none is decoded, try again
 */
export type DecodeStep = (records: readonly KafkaRecord[]) => Promise<Decoded[]>

export function createDecodeStep(options: DecodeOptions): DecodeStep {
  return async (records) => {
    const decoded: Decoded[] = []
    let unknown: ValenceError | undefined
    let sliceStart = performance.now()
    for (const record of records) {
      try {
        decoded.push(await decodeRecord(record, options))
      } catch (error) {
        if (!isValenceError(error) || error.code !== 'VAL_SCHEMA_NOT_YET_KNOWN') throw error
        // Go on: all unknown schema ids of a slice are loaded at the same time.
        unknown ??= error
      }
      if (performance.now() - sliceStart < sliceMs) continue
      await turnOfTheLoop()
      sliceStart = performance.now()
    }
    if (unknown !== undefined) throw unknown
    return decoded
  }
}

async function decodeRecord(record: KafkaRecord, options: DecodeOptions): Promise<Decoded> {
  if (record.value === null) return { kind: 'tombstone', record }
  try {
    return { kind: 'text', record, event: await readValue(record, record.value, options) }
  } catch (error) {
    if (isValenceError(error) && error.deadLetter) return { kind: 'rejected', record, error }
    throw error
  }
}

function readValue(record: KafkaRecord, value: Buffer, options: DecodeOptions): TextEvent | Promise<TextEvent> {
  const declared = formatOfContentType(record)
  const schemaId = declared === undefined || declared === 'avro' ? readSchemaIdHeader(record.headers) : undefined
  const format = declared ?? (schemaId === undefined ? formatOfBytes(value) : 'avro')
  if (options.format !== 'auto' && options.format !== format) {
    throw new ValenceError('VAL_RECORD_FORMAT_REFUSED', `${format} where only ${options.format} is accepted`)
  }
  if (format === 'json') return textEventJson.parse(value)
  if (format === 'text') return bareEvent(value)
  // Where a header names the schema, the payload is all of the value.
  return readWithSchema(schemaId === undefined ? readFramedValue(value) : { id: schemaId, payload: value }, options)
}

function formatOfContentType({ headers }: KafkaRecord): RecordFormat | undefined {
  expectPlain(httpHeaderText(headers, headerNames.contentEncoding))
  const header = httpHeaderText(headers, headerNames.contentType)?.toLowerCase()
  const contentType = header?.split(';')[0]?.trim()
  // application/octet-stream says nothing about the content, so the bytes decide.
  if (header === undefined || contentType === '' || contentType === 'application/octet-stream') return undefined
  const format = formats.find(([pattern]) => pattern.test(contentType ?? ''))?.[1]
  const charset = foreignCharset(header)
  if (format === undefined || (charset !== undefined && format !== 'avro')) {
    throw new ValenceError('VAL_RECORD_FORMAT_REFUSED', `content-type ${JSON.stringify(header.slice(0, 80))}`)
  }
  return format
}

const formats: readonly (readonly [pattern: RegExp, format: RecordFormat])[] = [
  [/^[^/]+\/(.*\+)?json$/, 'json'],
  [/^text\//, 'text'],
  [/^(application\/(vnd\.|x-)?([a-z.]+\.)?avro|avro\/binary)/, 'avro'],
]

/** Compressed values are not unpacked; some encodings, base64 among them, would pass for a text. */
function expectPlain(contentEncoding: string | undefined): void {
  const coding = contentEncoding?.trim().toLowerCase() ?? ''
  if (coding === '' || coding === 'identity') return
  throw new ValenceError('VAL_RECORD_FORMAT_REFUSED', `content-encoding ${JSON.stringify(coding.slice(0, 80))}`)
}

function formatOfBytes(value: Buffer): RecordFormat {
  if (value[0] === 0) return 'avro'
  return looksLikeJson(value) ? 'json' : 'text'
}

/** The registry tells how the payload was written, Avro or JSON Schema. */
function readWithSchema(framed: FramedValue | undefined, { registry }: DecodeOptions): TextEvent | Promise<TextEvent> {
  if (framed === undefined) throw new ValenceError('VAL_SCHEMA_PAYLOAD_INVALID', 'no schema id in front')
  const { id, payload } = framed
  if (registry === undefined) throw new ValenceError('VAL_REGISTRY_REQUIRED', `schema id ${id}`)
  const decoder = registry.cached(id)
  return decoder === undefined ? registry.load(id).then((loaded) => loaded(payload)) : decoder(payload)
}

function bareEvent(value: Buffer): TextEvent {
  return { id: null, text: readBareText(value), occurredAt: null, source: null, lang: null, attributes: {} }
}
