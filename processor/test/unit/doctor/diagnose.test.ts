import { expect, it } from 'vitest'
import { diagnose } from '../../../src/doctor/diagnose.ts'
import type { Finding } from '../../../src/doctor/finding.ts'
import type { Machine } from '../../../src/doctor/machine.ts'

const machine: Machine = {
  node: '24.0.0',
  platform: 'linux',
  arch: 'x64',
  cores: 4,
  memoryBytes: 8 * 2 ** 30,
  cpuFlags: new Set(['avx2']),
}

async function findings(environment: Record<string, string>): Promise<Finding[]> {
  const found: Finding[] = []
  for await (const part of diagnose(environment, Promise.resolve(machine))) found.push(...part)
  return found
}

it('names each wrong setting, and looks at nothing that needs them', async () => {
  const found = await findings({ VALENCE_HTTP_PORT: 'x', VALENCE_KAFKA_COMPRESSION: 'none at all' })
  const config = found.filter(({ area }) => area === 'config')
  expect(config.map(({ status }) => status)).toEqual(['fail', 'fail', 'skipped'])
  expect(config.map(({ detail }) => detail).join('\n')).toMatch(/VALENCE_KAFKA_COMPRESSION[\s\S]*VALENCE_HTTP_PORT/)
  expect(new Set(found.map(({ area }) => area))).toEqual(new Set(['machine', 'config']))
})

it('tells findings in order, the settings that are given, and no secret', async () => {
  const found = await findings({
    VALENCE_KAFKA_BROKERS: '127.0.0.1:9',
    VALENCE_REDIS_URL: 'redis://user:hidden-word@127.0.0.1:9',
    VALENCE_MODEL: '/nowhere',
    OTHER: 'x',
  })
  expect([...new Set(found.map(({ area }) => area))]).toEqual([
    'machine',
    'config',
    'model',
    'kafka',
    'registry',
    'redis',
  ])
  expect(found.find(({ area }) => area === 'config')).toMatchObject({
    status: 'ok',
    detail: 'VALENCE_KAFKA_BROKERS, VALENCE_MODEL, VALENCE_REDIS_URL; the rest by default',
  })
  expect(JSON.stringify(found)).not.toContain('hidden-word')
})
