import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { runValence } from '@valence/testing/processes/cli-run'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Finding } from '../../../src/doctor/finding.ts'

let model: Awaited<ReturnType<typeof writeTinyModel>>

beforeAll(async () => {
  model = await writeTinyModel()
})
afterAll(() => model.remove())

/** Nothing listens on port 9. */
const allDown = {
  VALENCE_KAFKA_BROKERS: '127.0.0.1:9',
  VALENCE_SCHEMA_REGISTRY_URL: 'http://127.0.0.1:9/',
  VALENCE_REDIS_URL: 'redis://user:secret@127.0.0.1:9',
}

async function diagnose(environment: Record<string, string>) {
  const { code, stdout } = await runValence(['doctor', '--json'], { environment })
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] }
  const statusOf = (area: string) => findings.filter((own) => own.area === area).map(({ status }) => status)
  return { code, stdout, ok, findings, statusOf }
}

describe('valence doctor', () => {
  it('works when everything is down, and Redis alone is no failure', async () => {
    const { code, ok, statusOf, findings, stdout } = await diagnose({ ...allDown, VALENCE_MODEL: model.folder })
    expect([code, ok]).toEqual([1, false])
    expect(statusOf('model')).toEqual(['ok', 'ok'])
    expect(statusOf('kafka')).toEqual(['fail'])
    expect(statusOf('registry')).toEqual(['fail'])
    expect(statusOf('redis')).toEqual(['warn'])
    expect(stdout).not.toContain('secret')
    const silent = findings.filter(({ status, help }) => (status === 'fail' || status === 'warn') && help === undefined)
    expect(silent).toEqual([])
  })

  it('does not wait for those who accept a connection and say nothing', async () => {
    const mute = createServer().listen(0, '127.0.0.1')
    await once(mute, 'listening')
    const address = `127.0.0.1:${(mute.address() as AddressInfo).port}`
    const startedAt = performance.now()
    const { findings, statusOf } = await diagnose({
      VALENCE_KAFKA_BROKERS: address,
      VALENCE_SCHEMA_REGISTRY_URL: `http://${address}/`,
      VALENCE_REDIS_URL: `redis://${address}`,
      VALENCE_MODEL: model.folder,
    })
    expect(performance.now() - startedAt).toBeLessThan(30_000)
    mute.close()
    expect(statusOf('kafka')).toEqual(['ok', 'fail'])
    expect(findings.find(({ check }) => check === 'connect')?.detail).toMatch(/^VAL_KAFKA_UNREACHABLE: .*no answer in/)
    expect(statusOf('registry')).toEqual(['fail'])
    expect(statusOf('redis')).toEqual(['warn'])
  })

  it('skips what is not configured', async () => {
    const { statusOf } = await diagnose({ VALENCE_KAFKA_BROKERS: '127.0.0.1:9', VALENCE_MODEL: model.folder })
    expect(statusOf('registry')).toEqual(['skipped'])
    expect(statusOf('redis')).toEqual(['skipped'])
  })

  it('names the file of the model that is missing', async () => {
    const { statusOf, findings } = await diagnose({ ...allDown, VALENCE_MODEL: '/no/such/model' })
    expect(statusOf('model')).toEqual(['fail'])
    expect(findings.find(({ area }) => area === 'model')?.detail).toContain('/no/such/model/model.json')
  })

  it('lists each problem of the configuration and looks no further', async () => {
    const { code, findings } = await diagnose({ VALENCE_KAFKA_BROKER: 'a:1', VALENCE_HTTP_PORT: 'eighty' })
    expect(code).toBe(1)
    const failures = findings.filter(({ status }) => status === 'fail')
    expect(failures.map(({ area }) => area)).toEqual(['config', 'config'])
    expect(failures[0]?.detail).toContain('did you mean VALENCE_KAFKA_BROKERS?')
  })

  it('prints a line for each finding, and what to do', async () => {
    const { code, stdout } = await runValence(['doctor'], { environment: { ...allDown, VALENCE_MODEL: model.folder } })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^ok {6} model {4}golden: .*2 golden texts match/m)
    expect(stdout).toMatch(/^fail {4} kafka {4}reach: 127\.0\.0\.1:9 does not accept connections/m)
    expect(stdout).toMatch(/^ +→ Check VALENCE_KAFKA_BROKERS/m)
    expect(stdout).toMatch(/^2 failures, 1 warning$/m)
  })

  it.each([
    ['good for int8', {}, 1],
    ['without VNNI', { cpuFlags: new Set(['avx2']) }, 2],
    ['without avx2', { cpuFlags: new Set<string>() }, 2],
    ['that does not tell', { cpuFlags: undefined }, 1],
  ])('counts a warning for the processor where it is slow: one %s', async (_, machine, warnings) => {
    const environment = { ...allDown, VALENCE_MODEL: model.folder }
    const { stdout } = await runValence(['doctor'], { environment, machine })
    expect(stdout).toMatch(new RegExp(`^2 failures, ${warnings} warnings?$`, 'm'))
  })
})
