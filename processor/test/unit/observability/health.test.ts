import { describe, expect, it } from 'vitest'
import { Health } from '../../../src/observability/health.ts'

describe('Health', () => {
  it('is ready while every check holds, and names failing checks', () => {
    const health = new Health()
    let joined = false
    health.add({ name: 'model', isHealthy: () => true })
    health.add({ name: 'pipeline', isHealthy: () => joined })
    expect(health.readiness()).toMatchObject({ healthy: false, checks: { model: 'ok', pipeline: 'failing' } })
    expect(health.isLive()).toBe(true)
    joined = true
    expect(health.readiness()).toMatchObject({ healthy: true, checks: { model: 'ok', pipeline: 'ok' } })
  })

  it('is neither live nor ready after a fatal error', () => {
    const health = new Health()
    health.fail(new Error('crashed'))
    expect(health.isLive()).toBe(false)
    expect(health.readiness().healthy).toBe(false)
  })

  it('reports details of failing checks only', () => {
    const health = new Health()
    let stuck = ['texts-3']
    health.add({ name: 'records', optional: true, isHealthy: () => stuck.length === 0, detail: () => stuck })
    expect(health.readiness()).toEqual({
      healthy: true,
      checks: { records: 'degraded' },
      details: { records: ['texts-3'] },
    })
    stuck = []
    expect(health.readiness()).toEqual({ healthy: true, checks: { records: 'ok' }, details: {} })
  })
})
