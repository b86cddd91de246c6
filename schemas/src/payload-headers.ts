import { headerNames } from './headers.ts'
import type { RecordHeader, RecordHeaders } from './record-headers.ts'

/**
 * Names, in lower case, of headers that describe the payload of the input: schema, class or encoding. Standard readers
 * decode by them, so on a scored event, which has another payload, they would fail.
 */
const payloadHeaders: ReadonlySet<string> = new Set([
  // HTTP, and bridges between HTTP and Kafka.
  headerNames.contentType,
  'content-encoding',
  'content-length',
  'content-md5',
  'content-digest',
  // Confluent's serialisers: the GUID of the schema.
  '__value_schema_id',
  '__key_schema_id',
  // Spring Cloud Stream: the content type. Spring's JSON serialisers: the Java class.
  'contenttype',
  'originalcontenttype',
  '__typeid__',
  '__contenttypeid__',
  '__keytypeid__',
  '__key_typeid__',
  '__key_contenttypeid__',
  '__key_keytypeid__',
  // CloudEvents in binary mode: the payload is the data of an event of this type. Its id, source, subject and time stay.
  'ce_specversion',
  'ce_type',
  'ce_dataschema',
  'ce_schemaurl',
  'ce_datacontenttype',
  'ce_datacontentencoding',
])

/** Apicurio's serialisers: ids, coordinates and hashes of the schema, the encoding and the type of the message. */
const payloadPrefixes = ['apicurio.value.', 'apicurio.key.'] as const

/** The headers to forward on a record with another payload: all except those that describe the payload. */
export function headersWithoutPayload(headers: RecordHeaders): RecordHeader[] {
  return headers.filter(({ name }) => !describesPayload(name.toLowerCase()))
}

/** Names, in lower case, of headers that are wrong about a payload with one more field. */
const exactHeaders: ReadonlySet<string> = new Set([
  'content-length',
  'content-md5',
  'content-digest',
  headerNames.valueSchemaId,
  'ce_dataschema',
  'ce_schemaurl',
])

/** The headers to forward on a record with one more field: all except length, digests, and the schema of the value. */
export function headersOfEnriched(headers: RecordHeaders): RecordHeader[] {
  return headers.filter(({ name }) => {
    const lower = name.toLowerCase()
    return !exactHeaders.has(lower) && !lower.startsWith(payloadPrefixes[0])
  })
}

function describesPayload(name: string): boolean {
  return payloadHeaders.has(name) || payloadPrefixes.some((prefix) => name.startsWith(prefix))
}
