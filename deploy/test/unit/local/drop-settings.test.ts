import { expect, test } from 'vitest'
import { dropSettings, ignoredSettings } from '../../../local/drop-settings.ts'

test('the settings of Valence are taken out and named, those of the local stack stay', () => {
  const environment: NodeJS.ProcessEnv = {
    PATH: '/bin',
    VALENCE_OUTPUT_TOPIC: 'mine',
    VALENCE_KAFKA_BROKERS: 'kafka:9092',
    VALENCE_MODEL: '',
    VALENCE_LOCAL_PROVIDER: 'processes',
  }
  const names = dropSettings(environment)
  expect(names).toEqual(['VALENCE_KAFKA_BROKERS', 'VALENCE_OUTPUT_TOPIC'])
  expect(environment).toEqual({ PATH: '/bin', VALENCE_LOCAL_PROVIDER: 'processes' })
  expect(ignoredSettings(names)).toContain('VALENCE_KAFKA_BROKERS, VALENCE_OUTPUT_TOPIC')
})

test('nothing is said where nothing was set', () => {
  expect(ignoredSettings(dropSettings({ PATH: '/bin' }))).toBeUndefined()
})
