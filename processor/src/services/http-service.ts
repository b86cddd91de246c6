import { startAdminServer } from '../observability/admin-server.ts'
import { Health } from '../observability/health.ts'
import { meterLog } from '../observability/logger.ts'
import { createMetrics } from '../observability/metrics.ts'
import type { OpeningContext } from '../observability/service-context.ts'
import { openEngine } from './engine.ts'
import { openAccess, openFacade } from './open-facade.ts'
import type { Service, ServiceOptions } from './service.ts'

/** A running facade. */
export interface Facade extends Service {
  readonly port: number
}

/**
 * The HTTP facade: admin port, engine, then the public port.
 * @throws VAL_CONFIG_INVALID, VAL_MODEL_*, VAL_PORT_UNAVAILABLE
 */
export async function startFacade({
  config,
  logger,
  onFatal,
  signal,
  tracing,
}: Omit<ServiceOptions, 'signal'> & Partial<Pick<ServiceOptions, 'signal'>>): Promise<Facade> {
  await using opened = new AsyncDisposableStack()
  const metrics = createMetrics({ runtime: true })
  meterLog(logger, metrics)
  const health = new Health()
  const base: OpeningContext = { config, logger, metrics, health, tracing, closers: opened }
  // First, so that an invalid setting is reported before the model is loaded.
  const access = openAccess(base)
  const admin = await startAdminServer({ host: config.adminHost, port: config.adminPort, metrics, health, logger })
  opened.defer(() => admin.close())
  const engine = await openEngine(base, onFatal, signal)
  opened.defer(() => engine.close())
  admin.post('/model/reload', () => engine.reload())
  const server = await openFacade(base, engine, access)
  logger.info({ port: server.port, adminPort: admin.port, authMode: config.authMode }, 'facade started')
  const closers = opened.move()
  return {
    port: server.port,
    adminPort: admin.port,
    stop: () => closers.disposeAsync(),
    halt: () => engine.close(),
  }
}
