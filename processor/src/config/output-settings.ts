import { z } from 'zod'
import { required, text, whole } from './setting.ts'

/** Names that are valid in Avro and Protobuf too, so that one setting serves topics of every format. */
const fieldName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be letters, digits and _, without a digit in front')

/** Protobuf's greatest field number, and the numbers that it keeps for itself. */
const [maxFieldNumber, ownFrom, ownTo] = [536_870_911, 19_000, 19_999]
const fieldNumber = whole(1, maxFieldNumber).refine(
  (number) => number < ownFrom || number > ownTo,
  `must not be one of ${ownFrom} to ${ownTo}, which Protobuf keeps for itself`,
)

/** What is published for a text. */
export const outputSettings = {
  VALENCE_OUTPUT_TOPIC: required(text, 'sentiment.scores.v1', 'Topic of the scored events, or of the enriched records'),
  VALENCE_OUTPUT_FORMAT: required(
    z.enum(['auto', 'avro', 'json']),
    'auto',
    'Format of the scored events; `auto` is Avro if a schema registry is configured, else JSON. Enriched records keep their own',
  ),
  VALENCE_OUTPUT_MODE: required(
    z.enum(['event', 'enrich']),
    'event',
    '`event`: a scored event for each text. `enrich`: the input record in its own format and to the byte, with its sentiment in one field more',
  ),
  VALENCE_OUTPUT_FIELD: required(fieldName, 'sentiment', 'Name of the field that `enrich` adds to a record'),
  VALENCE_OUTPUT_FIELD_NUMBER: required(
    fieldNumber,
    '1000',
    'Number of that field in a Protobuf message; it must be neither used nor reserved there',
  ),
  VALENCE_OUTPUT_SUBJECT_STRATEGY: required(
    z.enum(['topic', 'record', 'topic-record']),
    'topic',
    'Subject of the schemas of enriched records: `topic` (`TOPIC-value`), `record` (the full name of the record) or `topic-record` (`TOPIC-NAME`); the last two allow records of different types on one topic',
  ),
} as const
