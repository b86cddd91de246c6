import { expect, test } from 'vitest'
import { readConfig } from '../../../../src/config/config.ts'
import { Health } from '../../../../src/observability/health.ts'
import { silentLogger } from '../../../../src/observability/logger.ts'
import { createMetrics } from '../../../../src/observability/metrics.ts'
import { openAccess } from '../../../../src/services/open-facade.ts'

test('the facade is not ready from before its admin port opens until its public port is open', async () => {
  const health = new Health()
  const config = readConfig({ VALENCE_AUTH_MODE: 'none' })
  await using closers = new AsyncDisposableStack()
  const { listening } = openAccess({ config, logger: silentLogger, metrics: createMetrics(), health, closers })
  expect(health.readiness()).toMatchObject({ healthy: false, checks: { facade: 'failing' } })
  listening.open = true
  expect(health.readiness()).toMatchObject({ healthy: true, checks: { facade: 'ok' } })
})
