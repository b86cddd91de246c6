import { ValenceError } from '@valence/schemas'
import type { Config } from './config-shape.ts'

/** For what reads scored events from the output topic. @throws VAL_CONFIG_INVALID where it holds enriched records */
export function expectScoredEvents({ outputMode, outputTopic }: Config, reader: string): void {
  if (outputMode === 'event') return
  const detail = `${reader} reads scored events, and with VALENCE_OUTPUT_MODE=enrich ${outputTopic} holds none`
  throw new ValenceError('VAL_CONFIG_INVALID', detail)
}
