import type { App, AppOptions } from './app.ts'
import { openEngine } from './engine.ts'
import type { FacadeBase } from './facade/facade-base.ts'
import { openAccess, openFacade } from './facade/open-facade.ts'
import { startAdminServer } from './runtime/admin-server.ts'
import { Health } from './runtime/health.ts'
import { meterLog } from './runtime/logger.ts'
import { createMetrics } from './runtime/metrics.ts'

/** A running facade. */
export interface Facade extends App {
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
}: Omit<AppOptions, 'signal'> & Partial<Pick<AppOptions, 'signal'>>): Promise<Facade> {
  await using opened = new AsyncDisposableStack()
  const metrics = createMetrics({ runtime: true })
  meterLog(logger, metrics)
  const health = new Health()
  const base: FacadeBase = { config, logger, metrics, health, tracing, closers: opened }
  // First, so that a wrong setting is told before a model is loaded.
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
