import {
  framedPayload,
  readSchemaId,
  type SchemaRegistry,
  type ScoredEvent,
  scoredEventJson,
  ValenceError,
} from '@valence/schemas'

/** @throws VAL_SCHEMA_*, VAL_RECORD_* for an invalid record; VAL_REGISTRY_UNAVAILABLE, which is retryable */
export type ScoreDecoder = (value: Buffer) => Promise<ScoredEvent> | ScoredEvent

/** Detects the format of each record: the Confluent wire format by its magic byte, else JSON. */
export function createScoreDecoder(registry: SchemaRegistry | undefined): ScoreDecoder {
  return (value) => {
    const schemaId = readSchemaId(value)
    if (schemaId === undefined) return scoredEventJson.parse(value)
    if (!registry) throw new ValenceError('VAL_REGISTRY_REQUIRED')
    const payload = framedPayload(value)
    const decode = registry.scores.cached(schemaId)
    return decode ? decode(payload) : registry.scores.load(schemaId).then((loaded) => loaded(payload))
  }
}
