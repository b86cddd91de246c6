import type { Tracer } from '@opentelemetry/api'
import type { Config } from '../config/config.ts'
import type { Logger } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import { addAccessLog } from './access-log.ts'
import { addAuthentication } from './auth/authentication.ts'
import type { Authenticator } from './auth/authenticator.ts'
import { addBrowserSafety } from './browser-safety.ts'
import { addErrorReplies } from './error-replies.ts'
import type { HttpApp } from './http-app.ts'
import { addJsonBody } from './json-body.ts'
import type { Admission } from './limits/admission.ts'
import { addAdmissionGuard } from './limits/admission-guard.ts'
import { addBodyBudget, BodyBudget } from './limits/body-budget.ts'
import { addRateLimits, type RateLimiter } from './limits/rate-limits.ts'
import { addLingeringClose } from './lingering-close.ts'
import { addRequestContext } from './request-context.ts'
import { addRequestTracing } from './request-tracing.ts'
import { addStrictProtocol } from './strict-protocol.ts'
import { addValidation } from './validation.ts'

export interface HooksOptions {
  readonly config: Config
  readonly logger: Logger
  readonly metrics: Metrics
  readonly tracer?: Tracer | undefined
  readonly limiters: { readonly address: RateLimiter; readonly subject: RateLimiter }
  readonly admission: Admission
  readonly authenticator: Authenticator
}

/**
 * The hooks of every route. Fastify runs the hooks of one phase in the order of this list. A hook that refuses a
 * request does so in `onRequest`, before its body is read; only the texts per subject are counted after it.
 */
export async function addHooks(app: HttpApp, options: HooksOptions): Promise<void> {
  // Reading the body and answering errors; these are no hooks, their order is without effect.
  addValidation(app)
  addJsonBody(app)
  addErrorReplies(app, options)
  addLingeringClose(app.server)

  addRequestContext(app) // onRequest
  addRequestTracing(app, options.tracer) // onRequest, onResponse
  addStrictProtocol(app) // onRequest
  addAccessLog(app, options.logger, options.metrics) // onResponse
  await addBrowserSafety(app, options.config) // onRequest
  addRateLimits(app, options.limiters) // onRequest: per address; preHandler: per subject
  addAdmissionGuard(app, options.admission) // onRequest
  addAuthentication(app, options.authenticator) // onRequest
  addBodyBudget(app, new BodyBudget(options.config.httpMaxBodyBytes)) // onRequest, last: a caller who is refused holds no room
}
