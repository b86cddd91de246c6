import { expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { expectScoredEvents } from '../../../src/config/expect-scored-events.ts'

it('tells a reader of scored events that the output topic holds enriched records', () => {
  expect(() => expectScoredEvents(readConfig({}), 'a reader')).not.toThrow()
  const config = readConfig({ VALENCE_OUTPUT_MODE: 'enrich', VALENCE_OUTPUT_TOPIC: 'out' })
  expect(() => expectScoredEvents(config, 'a reader')).toThrow(
    'a reader reads scored events, and with VALENCE_OUTPUT_MODE=enrich out holds none',
  )
})
