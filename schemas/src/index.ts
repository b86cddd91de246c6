export { embeddedSchemas } from './embedded-schemas.ts'
export { type ErrorCode, errorCatalogue, errorRowOf, isValenceError, ValenceError } from './errors.ts'
export { type FieldPath, formatFieldPath, parseFieldPath, parseFieldPaths } from './fields/field-path.ts'
export { readPath } from './fields/read-path.ts'
export { digitsOf, parseExactly } from './fields/scalar.ts'
export { readTextFields, type TextFields } from './fields/text-fields.ts'
export { foreignCharset } from './foreign-charset.ts'
export {
  type DeadLetterFacts,
  type DeadLetterRecord,
  deadLetterHeaders,
  headerNames,
  originalHeaders,
  ownHeaders,
  parseDeadLetterHeaders,
  readDeadLetter,
} from './headers.ts'
export { type HostPort, hostPortProblem, parseHostPort } from './host-port.ts'
export { headersOfEnriched, headersWithoutPayload } from './payload-headers.ts'
export {
  type HeaderRecord,
  type HeaderValue,
  headersByName,
  headersFromRecord,
  headerText,
  httpHeaderText,
  type RecordHeader,
  type RecordHeaders,
  recordHeader,
  withHeader,
} from './record-headers.ts'
export { type AvroRecordSchema, type JsonSchema, type RecordKind, recordKinds } from './record-kind.ts'
export type { AvroCodec } from './records/avro-codec.ts'
export { looksLikeJson, readBareText } from './records/bare-value.ts'
export { checkUnicode, readUtf8 } from './records/check-unicode.ts'
export {
  type DeadLetter,
  type DeadLetterOrigin,
  deadLetterAvro,
  deadLetterJson,
} from './records/dead-letter.ts'
export { type FeedbackEvent, feedbackEventAvro, feedbackEventJson } from './records/feedback-event.ts'
export { parseIsoTime } from './records/iso-time.ts'
export { parseJsonBytes, parseJsonObject } from './records/json-bytes.ts'
export type { JsonCodec } from './records/json-codec.ts'
export { isEpochMs } from './records/record-fields.ts'
export { defaultEventId, type RecordOrigin } from './records/record-origin.ts'
export { type ScoredEvent, scoredEventAvro, scoredEventJson } from './records/scored-event.ts'
export {
  checkText,
  maxOccurredAt,
  maxTextBytes,
  minOccurredAt,
  type TextEvent,
  type TextEventInput,
  textEventAvro,
  textEventJson,
} from './records/text-event.ts'
export type { DecoderCache } from './registry/decoder-cache.ts'
export type { RecordDecoder } from './registry/record-reader.ts'
export {
  createSchemaRegistry,
  type SchemaFormat,
  type SchemaRegistry,
  type SchemaRegistryOptions,
  type SchemaText,
} from './registry/schema-registry.ts'
export type { WriterSchema } from './registry/writer-schema.ts'
export { type FramedValue, readFramedValue, readIndexesHeader, readSchemaIdHeader, type SchemaId } from './schema-id.ts'
export { defaultTopics, valueSubject } from './topics.ts'
export { basicAuthorization, plainUrl } from './url-credentials.ts'
export { frame, framedPayload, readSchemaId } from './wire-format.ts'
