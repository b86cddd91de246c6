import { isUtf8 } from 'node:buffer'
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import {
  checkText,
  framedPayload,
  headerNames,
  headerText,
  isValenceError,
  readSchemaId,
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

/** Records that are slow to read (large, or with a costly schema) let heartbeats and signals in between after so long. */
const sliceMs = 20

/** Decodes records in order; a bad record is rejected alone. @throws VAL_REGISTRY_UNAVAILABLE: none is decoded, try again */
export type DecodeStep = (records: readonly KafkaRecord[]) => Promise<Decoded[]>

export function createDecodeStep(options: DecodeOptions): DecodeStep {
  return async (records) => {
    const decoded: Decoded[] = []
    let sliceStart = performance.now()
    for (const record of records) {
      decoded.push(await decodeRecord(record, options))
      if (performance.now() - sliceStart < sliceMs) continue
      await turnOfTheLoop()
      sliceStart = performance.now()
    }
    return decoded
  }
}

async function decodeRecord(record: KafkaRecord, options: DecodeOptions): Promise<Decoded> {
  if (record.value === null) return { kind: 'tombstone', record }
  try {
    return { kind: 'text', record, event: await readValue(record.value, contentTypeOf(record), options) }
  } catch (error) {
    if (isValenceError(error) && error.deadLetter) return { kind: 'rejected', record, error }
    throw error
  }
}

function readValue(
  value: Buffer,
  contentType: string | undefined,
  options: DecodeOptions,
): TextEvent | Promise<TextEvent> {
  const format = formatOfContentType(contentType) ?? formatOfBytes(value)
  if (options.format !== 'auto' && options.format !== format) {
    throw new ValenceError('VAL_RECORD_FORMAT_REFUSED', `${format} where only ${options.format} is accepted`)
  }
  if (format === 'avro') return readFramed(value, options.registry)
  if (format === 'json') return textEventJson.parse(value)
  return readBareText(value)
}

function contentTypeOf({ headers }: KafkaRecord): string | undefined {
  return headerText(headers, headerNames.contentType)?.split(';')[0]?.trim().toLowerCase()
}

function formatOfContentType(contentType: string | undefined): RecordFormat | undefined {
  // application/octet-stream says nothing about the content, so the bytes decide.
  if (contentType === undefined || contentType === '' || contentType === 'application/octet-stream') return undefined
  if (/^[^/]+\/(.*\+)?json$/.test(contentType)) return 'json'
  if (contentType.startsWith('text/')) return 'text'
  if (/^(application\/(vnd\.|x-)?([a-z.]+\.)?avro|avro\/binary)/.test(contentType)) return 'avro'
  throw new ValenceError('VAL_RECORD_FORMAT_REFUSED', `content-type ${JSON.stringify(contentType.slice(0, 80))}`)
}

function formatOfBytes(value: Buffer): RecordFormat {
  if (value[0] === 0) return 'avro'
  return value[0] === 0x7b ? 'json' : 'text'
}

/** Confluent wire format: the registry tells how the payload was written, Avro or JSON Schema. */
function readFramed(value: Buffer, registry: SchemaRegistry | undefined): TextEvent | Promise<TextEvent> {
  const id = readSchemaId(value)
  if (id === undefined) throw new ValenceError('VAL_SCHEMA_PAYLOAD_INVALID', 'no schema id in front')
  if (registry === undefined) throw new ValenceError('VAL_REGISTRY_REQUIRED', `schema id ${id}`)
  const payload = framedPayload(value)
  const decoder = registry.cached(id)
  return decoder === undefined ? registry.load(id).then((loaded) => loaded(payload)) : decoder(payload)
}

function readBareText(value: Buffer): TextEvent {
  if (!isUtf8(value)) throw new ValenceError('VAL_RECORD_NOT_UTF8')
  const text = checkText(value.toString('utf8'))
  return { id: null, text, occurredAt: null, source: null, lang: null, attributes: {} }
}
