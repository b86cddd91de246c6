import type { ErrorRow } from './error-row.ts'

/** Texts, records, their schemas and the registry. */
export const recordErrors = {
  VAL_TEXT_EMPTY: {
    message: 'The text is empty',
    help: 'Send a text with at least one visible character.',
    http: 422,
    deadLetter: true,
  },
  VAL_TEXT_MISSING: {
    message: 'The record has no text where texts are looked for',
    help: 'Check VALENCE_TEXT_FIELD against a record; VALENCE_MISSING_TEXT=pass lets records without a text through.',
    deadLetter: true,
  },
  VAL_TEXT_TOO_LARGE: {
    message: 'The text is larger than 64 KiB',
    help: 'Split the text or shorten it before producing it.',
    http: 413,
    deadLetter: true,
  },
  VAL_RECORD_NOT_UTF8: {
    message: 'A text is not valid Unicode in UTF-8',
    help: 'Send UTF-8, not Latin-1 or UTF-16, without lone surrogates (\\ud800 in JSON).',
    http: 400,
    deadLetter: true,
  },
  VAL_RECORD_BINARY: {
    message: 'The record is binary data, not text',
    help: 'A bare text must not contain control characters except tab and line breaks; see docs/records.md for the formats.',
    deadLetter: true,
  },
  VAL_RECORD_JSON_INVALID: {
    message: 'The record is JSON, but not one object that parses',
    help: 'Send one JSON object, or set the content-type header to text/plain if it is a bare text.',
    http: 400,
    deadLetter: true,
  },
  VAL_RECORD_INVALID: {
    message: 'The record does not match its schema',
    help: 'See docs/records.md for the fields and their types.',
    http: 422,
    deadLetter: true,
  },
  VAL_RECORD_FORMAT_REFUSED: {
    message: 'The format of the record is not accepted here',
    help: 'Check the content-type header and VALENCE_INPUT_FORMAT.',
    http: 415,
    deadLetter: true,
  },
  VAL_RECORD_TOO_LARGE_TO_PUBLISH: {
    message: 'The broker refuses the record because it is larger than max.message.bytes',
    help: 'Raise max.message.bytes of the topic or send smaller keys, headers and attributes.',
    http: 413,
    deadLetter: true,
    partition: 'isolate',
  },
  VAL_RECORD_REFUSED_BY_BROKER: {
    message: 'The broker refuses to store what was made of the record',
    help: "See the broker's error name. INVALID_RECORD: a record without key on a compacted topic, or a rule of the broker.",
    http: 422,
    deadLetter: true,
    partition: 'isolate',
  },

  VAL_SCHEMA_UNKNOWN_ID: {
    message: 'The schema registry does not know the schema id of the record',
    help: 'Produce with the registry of the processor, then replay the dead letter.',
    deadLetter: true,
  },
  VAL_SCHEMA_NOT_YET_KNOWN: {
    message: 'The schema registry does not know the schema id of the record yet',
    help: 'The record waits up to 10 s, because the id can be new; check that producer and processor use the same registry.',
    retryable: true,
  },
  VAL_SCHEMA_ID_UNRESOLVABLE: {
    message: 'The record names its schema by an id that the registry cannot resolve',
    help: 'Write the schema id in front of the payload (Confluent wire format); docs/records.md lists the ids in headers that are resolved.',
    deadLetter: true,
  },
  VAL_SCHEMA_MISMATCH: {
    message: 'The schema of the record is not the one that is read here',
    help: 'Produce with the schema of the input topic (`valence schemas register`).',
    deadLetter: true,
  },
  VAL_SCHEMA_PATTERN_REFUSED: {
    message: "A regular expression of the writer's schema cannot be run in linear time",
    help: 'Use RE2 syntax: no look-around, no back-references, fewer than 1,000 repetitions.',
    deadLetter: true,
  },
  VAL_SCHEMA_TOO_COMPLEX: {
    message: 'Reading the record with the schema it names takes more work than is allowed',
    help: 'Simplify the schema: at most 256 KiB, and no references that evaluate the same value many times.',
    deadLetter: true,
  },
  VAL_SCHEMA_PAYLOAD_INVALID: {
    message: 'The payload does not decode with the schema that the record names',
    help: 'The record is damaged or was written with another schema; produce it again.',
    deadLetter: true,
  },
  VAL_SCHEMA_INCOMPATIBLE: {
    message: 'The registry refuses the schema as incompatible with the registered one',
    help: 'Deploy the version that matches the registry, or change the compatibility level of the subject.',
  },
  VAL_REGISTRY_UNAVAILABLE: {
    message: 'The schema registry does not answer',
    help: 'Check VALENCE_SCHEMA_REGISTRY_URL and the registry; records wait, none is lost.',
    http: 503,
    retryable: true,
  },
  VAL_REGISTRY_REQUIRED: {
    message: 'A record in the Confluent wire format arrived but no schema registry is configured',
    help: 'Set VALENCE_SCHEMA_REGISTRY_URL, then replay the dead letter.',
    deadLetter: true,
  },

  VAL_ENRICH_FIELD_TAKEN: {
    message: 'The record already has the field that its sentiment goes to',
    help: 'Set VALENCE_OUTPUT_FIELD (for Protobuf VALENCE_OUTPUT_FIELD_NUMBER too) to one that the input records do not use, then replay the dead letter.',
    deadLetter: true,
  },
  VAL_ENRICH_RECORD_REFUSED: {
    message: 'A record of this shape cannot hold one more field',
    help: 'Only JSON objects, Avro records and Protobuf messages are enriched; VALENCE_OUTPUT_MODE=event takes every shape.',
    deadLetter: true,
  },
  VAL_ENRICH_SCHEMA_REFUSED: {
    message: 'The registry refuses the schema of the enriched records, so the partition stands still',
    help: 'Set the compatibility level of the subject of the output, take another output topic, or set VALENCE_OUTPUT_SUBJECT_STRATEGY; the partition continues within 15 s after the fix.',
    partition: 'halt',
  },
} as const satisfies Record<string, ErrorRow>
