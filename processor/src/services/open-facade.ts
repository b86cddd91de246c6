import type { Config } from '../config/config.ts'
import type { Authenticator } from '../http/auth/authenticator.ts'
import { openAuthenticator } from '../http/auth/open-authenticator.ts'
import { refuseRevoked } from '../http/auth/revocations.ts'
import { createFacadeScorer } from '../http/facade-scorer.ts'
import { type HttpServer, startHttpServer } from '../http/http-server.ts'
import { Admission } from '../http/limits/admission.ts'
import { openGuardedRegistry, openTextIntake } from '../http/open-text-intake.ts'
import { openSharedState, type SharedState } from '../http/shared-state.ts'
import { openScoreStream } from '../http/stream/score-stream.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { OpeningContext } from '../observability/service-context.ts'
import type { Engine } from './engine.ts'

/** In-flight texts per inference worker. At about 300 texts/s per worker a text waits less than 0.1 s. */
const textsPerWorker = 24

const version = '0.1.0'

/** Authentication and rate limits. */
export interface Access extends SharedState {
  readonly authenticator: Authenticator
  readonly listening: { open: boolean }
}

/**
 * Called before the admin port opens, so that `/readyz` never reports ready while the public port is closed.
 * @throws VAL_CONFIG_INVALID, VAL_FILE_UNREADABLE
 */
export function openAccess(base: OpeningContext): Access {
  const listening = { open: false }
  base.health.add({ name: 'facade', isHealthy: () => listening.open })
  const known = openAuthenticator(base)
  base.closers.defer(() => known.close())
  const shared = openSharedState(base)
  const { revocations } = shared
  const authenticator = revocations && known.scheme ? refuseRevoked(known, revocations) : known
  return { ...shared, authenticator, listening }
}

function openAdmission(config: Config, metrics: Metrics): Admission {
  return new Admission({
    maxTexts: config.httpMaxInFlightTexts || textsPerWorker * config.inferenceWorkers,
    targetMs: config.httpTargetLatencyMs || Number.POSITIVE_INFINITY,
    onChange: (texts) => metrics.http.inFlight.set(texts),
  })
}

/**
 * Opens the public port over an engine, its own or the pipeline's. Ready means that it can score; other dependencies are
 * optional.
 * @throws VAL_CONFIG_INVALID, VAL_FILE_UNREADABLE, VAL_PORT_UNAVAILABLE
 */
export async function openFacade(base: OpeningContext, engine: Engine, access = openAccess(base)): Promise<HttpServer> {
  const { config, logger, metrics, health, closers } = base
  const { authenticator, limiters, revocations, answers, listening } = access
  const admission = openAdmission(config, metrics)
  const scorer = createFacadeScorer({ scorer: engine.scorer, admission })
  health.add({ name: 'engine', isHealthy: () => scorer.canScore() })
  const registry = config.httpKafkaEnabled ? openGuardedRegistry(base) : undefined
  const intake = config.httpKafkaEnabled ? openTextIntake(base, registry, answers) : undefined
  const stream = config.httpKafkaEnabled ? openScoreStream(base, registry) : undefined
  const server = await startHttpServer({
    config,
    logger,
    metrics,
    version,
    scorer,
    admission,
    model: () => engine.models.current(),
    authenticator,
    limiters,
    tracer: base.tracing?.tracer,
    isReady: () => listening.open && scorer.canScore(),
    intake,
    stream,
    revocations,
  })
  closers.defer(() => server.close())
  closers.defer(() => {
    listening.open = false
  })
  listening.open = true
  logger.info({ port: server.port, authMode: config.authMode }, 'facade listening')
  return server
}
