import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import {
  foreignCharset,
  headerNames,
  httpHeaderText,
  isValenceError,
  looksLikeJson,
  parseExactly,
  parseJsonBytes,
  type RecordHeaders,
  readBareText,
  readFramedValue,
  readIndexesHeader,
  readSchemaIdHeader,
  readTextFields,
  type SchemaId,
  type SchemaRegistry,
  type TextEvent,
  type TextFields,
  textEventJson,
  ValenceError,
} from '@valence/schemas'
import type { Append } from '../enrich/addition.ts'
import type { EnrichRecord } from '../enrich/enrich-record.ts'
import type { KafkaRecord } from '../kafka/record.ts'
import { withCloudEventHeaders } from './cloud-event.ts'

/** How the value of a record is to be read; the record keeps the bytes. */
export interface InputShape {
  /** `schema`: as the registry tells, Avro, Protobuf or JSON Schema. */
  readonly format: 'json' | 'text' | 'schema'
  /** Of the writer; undefined for plain JSON and bare texts. */
  readonly schemaId: SchemaId | undefined
  /** Bytes in front of the payload. Message indexes of Protobuf belong to the payload. */
  readonly payloadOffset: number
}

/** What a record turned out to be. `passed`: it has no text and goes on without one. */
export type Decoded =
  | {
      readonly kind: 'text'
      readonly record: KafkaRecord
      readonly input: InputShape
      readonly event: TextEvent
      /** Where records are enriched: puts the sentiment into this one. */
      readonly append?: Append
    }
  | { readonly kind: 'passed'; readonly record: KafkaRecord; readonly input: InputShape }
  | { readonly kind: 'tombstone'; readonly record: KafkaRecord }
  | {
      readonly kind: 'rejected'
      readonly record: KafkaRecord
      readonly error: ValenceError
      /** Undefined where the record was not even recognised. */
      readonly input?: InputShape | undefined
    }

export type RecordFormat = 'avro' | 'json' | 'text'

export interface DecodeOptions {
  /** Without one, records in the Confluent wire format are rejected. */
  readonly registry: SchemaRegistry | undefined
  /** The only accepted format, or `auto`. */
  readonly format: RecordFormat | 'auto'
  /** Where records of any shape have their fields; undefined where they are TextEvents. The registry has the same. */
  readonly fields?: TextFields | undefined
  readonly missingText?: 'reject' | 'pass'
  /** Set where records are enriched. It refuses a record before its text is scored. */
  readonly enrich?: EnrichRecord | undefined
}

/** After this time decoding yields to the event loop, so that slow records do not delay heartbeats. */
const sliceMs = 20

/**
 * Decodes records in order; a bad record is rejected alone.
 * @throws VAL_REGISTRY_UNAVAILABLE, VAL_SCHEMA_NOT_YET_KNOWN: none is decoded, try again. VAL_ENRICH_SCHEMA_REFUSED
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
  let input: InputShape | undefined
  try {
    input = shapeOf(record, record.value, options)
    const event = await readEvent(input, record, record.value, options)
    const text = { kind: 'text', record, input, event: withCloudEventHeaders(event, record.headers) } as const
    if (options.enrich === undefined) return text
    return { ...text, append: await options.enrich({ ...input, value: record.value, headers: record.headers }) }
  } catch (error) {
    if (!isValenceError(error) || !error.deadLetter) throw error
    const isPassed = options.missingText === 'pass' && hasNoText(error)
    return isPassed && input !== undefined
      ? { kind: 'passed', record, input }
      : { kind: 'rejected', record, input, error }
  }
}

function hasNoText({ code }: ValenceError): boolean {
  return code === 'VAL_TEXT_MISSING' || code === 'VAL_TEXT_EMPTY'
}

function shapeOf(record: KafkaRecord, value: Buffer, options: DecodeOptions): InputShape {
  const declared = formatOfContentType(record)
  const schemaId = declared === undefined || declared === 'avro' ? readSchemaIdHeader(record.headers) : undefined
  const format = declared ?? (schemaId === undefined ? formatOfBytes(value) : 'avro')
  if (options.format !== 'auto' && options.format !== format) {
    throw new ValenceError('VAL_RECORD_FORMAT_REFUSED', `${format} where only ${options.format} is accepted`)
  }
  if (format !== 'avro') return { format, schemaId: undefined, payloadOffset: 0 }
  // Where a header names the schema, the payload is all of the value.
  if (schemaId !== undefined) return { format: 'schema', schemaId, payloadOffset: 0 }
  const framed = readFramedValue(value)
  if (framed === undefined) throw new ValenceError('VAL_SCHEMA_PAYLOAD_INVALID', 'no schema id in front')
  return { format: 'schema', schemaId: framed.id, payloadOffset: value.length - framed.payload.length }
}

const firstMessage = Buffer.of(0)

/** The message indexes of Protobuf where a header names the schema: none are in the payload then. */
export function indexesBeside(payloadOffset: number, headers: RecordHeaders): Buffer | undefined {
  return payloadOffset === 0 ? (readIndexesHeader(headers) ?? firstMessage) : undefined
}

function readEvent(
  { format, schemaId, payloadOffset }: InputShape,
  { headers }: KafkaRecord,
  value: Buffer,
  options: DecodeOptions,
): TextEvent | Promise<TextEvent> {
  if (schemaId !== undefined) {
    return readWithSchema(schemaId, value.subarray(payloadOffset), indexesBeside(payloadOffset, headers), options)
  }
  if (format === 'text') return bareEvent(value)
  const { fields } = options
  if (fields === undefined) return textEventJson.parse(value)
  return readTextFields(fields, parseJsonBytes(value), () => parseExactly(value))
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
  [/^(application\/(vnd\.|x-)?([a-z.]+\.)?(avro|protobuf)|avro\/binary)/, 'avro'],
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

/** The registry tells how the payload was written: Avro, Protobuf or JSON Schema. */
function readWithSchema(
  id: SchemaId,
  payload: Buffer,
  indexes: Buffer | undefined,
  { registry }: DecodeOptions,
): TextEvent | Promise<TextEvent> {
  if (registry === undefined) throw new ValenceError('VAL_REGISTRY_REQUIRED', `schema id ${id}`)
  const decoder = registry.cached(id)
  if (decoder !== undefined) return decoder(payload, indexes)
  return registry.load(id).then((loaded) => loaded(payload, indexes))
}

function bareEvent(value: Buffer): TextEvent {
  return { id: null, text: readBareText(value), occurredAt: null, source: null, lang: null, attributes: {} }
}
