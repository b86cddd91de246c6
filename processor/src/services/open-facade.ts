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

/** Texts in work for each inference worker: at some 300 texts a second each waits for less than a tenth of one. */
const textsPerWorker = 24

const version = '0.1.0'

/** Who may call, and how often. */
export interface Access extends SharedState {
  readonly authenticator: Authenticator
  readonly listening: { open: boolean }
}

/**
 * Comes before the admin port, so that `/readyz` never says yes while the public port is still to be opened.
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
 * The public port over an engine, its own or the pipeline's. Ready means: it can score now, whatever else is away.
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
