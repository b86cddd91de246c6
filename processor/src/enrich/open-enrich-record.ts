import type { SchemaRegistry } from '@valence/schemas'
import type { Config } from '../config/config.ts'
import { createEnrichRecord, type EnrichRecord } from './enrich-record.ts'
import { EnrichedIds } from './enriched-ids.ts'

/** As VALENCE_OUTPUT_MODE says: undefined where scored events are written. */
export function openEnrichRecord(
  config: Pick<Config, 'outputMode' | 'outputField' | 'outputFieldNumber' | 'outputSubjectStrategy'>,
  registry: SchemaRegistry | undefined,
  outputTopic: string,
): EnrichRecord | undefined {
  if (config.outputMode === 'event') return undefined
  const field = { name: config.outputField, number: config.outputFieldNumber }
  const strategy = config.outputSubjectStrategy
  return createEnrichRecord(field, registry && new EnrichedIds({ registry, outputTopic, strategy, field }))
}
