import { headerNames } from './headers.ts'
import type { RecordHeader, RecordHeaders } from './record-headers.ts'

/**
 * Headers by which stock readers choose how to read a key or a payload, in lower case: the schema, the class or the
 * encoding of the input. A reader of the scored event would follow them and fail.
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

/** What a record with another payload carries on of a record's headers: all but those that describe its payload. */
export function headersWithoutPayload(headers: RecordHeaders): RecordHeader[] {
  return headers.filter(({ name }) => !describesPayload(name.toLowerCase()))
}

function describesPayload(name: string): boolean {
  return payloadHeaders.has(name) || payloadPrefixes.some((prefix) => name.startsWith(prefix))
}
