import type { Config } from '../config/config.ts'
import type { LoadedModel } from '../model/load-model.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { Authenticator } from './auth/authenticator.ts'
import type { Revocations } from './auth/revocations.ts'
import { addDocuments } from './documents.ts'
import type { FacadeScorer } from './facade-scorer.ts'
import type { HttpApp } from './http-app.ts'
import { addMethodGuard } from './method-guard.ts'
import { addAdminRoutes } from './routes/admin-routes.ts'
import { addInferenceRoutes } from './routes/inference-routes.ts'
import { addPlaygroundRoutes } from './routes/playground-routes.ts'
import { addScoreRoutes } from './routes/score-routes.ts'
import { addStreamRoutes, type ScoreStream } from './routes/stream-routes.ts'
import { addTextRoutes } from './routes/text-routes.ts'
import type { TextIntake } from './text-intake.ts'

export interface RoutesOptions {
  readonly config: Config
  readonly metrics: Metrics
  /** Of Valence, for the OpenAPI document. */
  readonly version: string
  readonly authenticator: Authenticator
  readonly scorer: FacadeScorer
  readonly model: () => LoadedModel
  readonly isReady: () => boolean
  /** Absent where Kafka is not configured: the route is there and answers VAL_INTAKE_UNAVAILABLE. */
  readonly intake?: TextIntake | undefined
  /** Absent where Kafka is not configured: the route is there and answers VAL_STREAM_UNAVAILABLE. */
  readonly stream?: ScoreStream | undefined
  /** Absent without Redis: the route is there and answers VAL_REDIS_UNAVAILABLE. */
  readonly revocations?: Revocations | undefined
}

/** Every route of the public port. */
export async function addRoutes(app: HttpApp, options: RoutesOptions): Promise<void> {
  const { config, scorer, model } = options
  const guard = addMethodGuard(app)
  // The documents come first: they describe the routes added after them.
  await addDocuments(app, options.authenticator.scheme, options.version) // GET /openapi.json, /docs
  await addPlaygroundRoutes(app) // GET /, /assets/*
  addScoreRoutes(app, {
    scorer,
    modelFingerprint: () => model().fingerprint,
    timeoutMs: config.httpTimeoutMs,
    cache: { scope: config.httpCacheScope, maxAgeMs: config.httpCacheMaxAgeMs },
  }) // POST and GET /v1/score, POST /v1/score/batch
  addTextRoutes(app, options.intake, options.metrics) // POST /v1/texts
  addStreamRoutes(app, options.stream) // GET /v1/scores/stream
  addAdminRoutes(app, options.revocations) // POST /v1/revocations
  await addInferenceRoutes(app, { ...options, timeoutMs: config.httpTimeoutMs }) // /v2, /v2/*
  guard.close()
}
