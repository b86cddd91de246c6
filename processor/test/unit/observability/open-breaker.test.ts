import { expect, it } from 'vitest'
import { Health } from '../../../src/observability/health.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'
import { openBreaker } from '../../../src/observability/open-breaker.ts'

it('reports to metrics, log and /readyz, and leaves the process ready', async () => {
  const lines: Record<string, unknown>[] = []
  const logger = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) })
  const observers = { metrics: createMetrics(), health: new Health(), logger }
  const breaker = openBreaker(observers, 'redis', 1_000)
  const metric = async (name: string) =>
    (await observers.metrics.registry.metrics()).split('\n').find((line) => line.startsWith(`${name}{part="redis"}`))
  expect(observers.health.readiness()).toEqual({ healthy: true, checks: { redis: 'ok' }, details: {} })
  for (let i = 0; i < 5; i++) await breaker.run(() => Promise.reject(new Error('away'))).catch(() => undefined)
  expect(observers.health.readiness()).toEqual({ healthy: true, checks: { redis: 'degraded' }, details: {} })
  expect(await metric('valence_breaker_state')).toMatch(/ 2$/)
  expect(await metric('valence_breaker_opened_total')).toMatch(/ 1$/)
  expect(await metric('valence_breaker_failures_total')).toMatch(/ 5$/)
  expect(lines.at(-1)).toMatchObject({ part: 'redis', state: 'open', msg: 'circuit breaker changed' })
})
