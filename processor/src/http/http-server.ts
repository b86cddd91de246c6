import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Tracer } from '@opentelemetry/api'
import { ValenceError } from '@valence/schemas'
import Fastify, { type FastifyReply, type FastifyRequest, type FastifyServerOptions } from 'fastify'
import type { Config } from '../config/config.ts'
import type { LoadedModel } from '../model/load-model.ts'
import type { Logger } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import { addAccessLog } from './access-log.ts'
import { addAuthentication } from './auth/authentication.ts'
import type { Authenticator } from './auth/authenticator.ts'
import { addBrowserSafety } from './browser-safety.ts'
import { addDocuments } from './documents.ts'
import { addErrorReplies, createClientErrorHandler, sendProblem } from './error-replies.ts'
import type { FacadeScorer } from './facade-scorer.ts'
import type { HttpApp } from './http-app.ts'
import { addJsonBody } from './json-body.ts'
import type { Admission } from './limits/admission.ts'
import { addAdmissionGuard } from './limits/admission-guard.ts'
import { addRateLimits, type RateLimiter } from './limits/rate-limits.ts'
import { addLingeringClose } from './lingering-close.ts'
import { addMethodGuard } from './method-guard.ts'
import { toValenceError } from './problem.ts'
import { addRequestContext, requestIdOf } from './request-context.ts'
import { addRequestTracing } from './request-tracing.ts'
import { addInferenceRoutes } from './routes/inference-routes.ts'
import { addScoreRoutes } from './routes/score-routes.ts'
import { addStrictProtocol, strictServerOptions } from './strict-protocol.ts'
import { tlsOptions, watchCertificate } from './tls.ts'
import { addValidation } from './validation.ts'

export interface HttpServerOptions {
  readonly config: Config
  readonly logger: Logger
  readonly metrics: Metrics
  readonly version: string
  readonly scorer: FacadeScorer
  readonly admission: Admission
  readonly model: () => LoadedModel
  readonly authenticator: Authenticator
  readonly limiters: { readonly address: RateLimiter; readonly subject: RateLimiter }
  readonly tracer?: Tracer | undefined
  readonly isReady: () => boolean
  /** Routes beyond scoring. */
  readonly extend?: (app: HttpApp) => Promise<void>
}

export interface HttpServer {
  readonly port: number
  close(): Promise<void>
}

function frameworkOptions({ config, metrics }: HttpServerOptions): FastifyServerOptions {
  return {
    http: {
      ...strictServerOptions,
      maxHeaderSize: config.httpMaxHeaderBytes,
      // How often Node looks for requests that have not arrived in time.
      connectionsCheckingInterval: Math.min(1_000, config.httpRequestTimeoutMs),
      headersTimeout: config.httpRequestTimeoutMs,
    },
    bodyLimit: config.httpMaxBodyBytes,
    requestTimeout: config.httpRequestTimeoutMs,
    keepAliveTimeout: config.httpKeepAliveMs,
    trustProxy: config.httpTrustedProxies ?? false,
    genReqId: requestIdOf,
    clientErrorHandler: createClientErrorHandler(metrics),
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    // The length of a parameter is bounded by its schema, that of a URL by the headers.
    routerOptions: { maxParamLength: config.httpMaxHeaderBytes },
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(toValenceError(error), request, reply),
    ...tlsOptions(config),
  } as FastifyServerOptions
}

/** The HTTP application with all its routes, not yet listening. */
export async function createHttpApp(options: HttpServerOptions): Promise<HttpApp> {
  const { config, logger, metrics, scorer } = options
  const app = Fastify(frameworkOptions(options)) as unknown as HttpApp
  addValidation(app)
  // Forms of other sites can send plain text without asking first; JSON they cannot.
  app.removeContentTypeParser('text/plain')
  addJsonBody(app)
  addRequestContext(app)
  addRequestTracing(app, options.tracer)
  addErrorReplies(app, options)
  addStrictProtocol(app)
  addLingeringClose(app.server)
  addAccessLog(app, logger, metrics)
  const guard = addMethodGuard(app)
  await addBrowserSafety(app, config)
  addRateLimits(app, options.limiters)
  addAdmissionGuard(app, options.admission)
  addAuthentication(app, options.authenticator)
  await addDocuments(app, options.authenticator.scheme, options.version)
  addScoreRoutes(app, {
    scorer,
    modelFingerprint: () => options.model().fingerprint,
    timeoutMs: config.httpTimeoutMs,
    cache: { scope: config.httpCacheScope, maxAgeMs: config.httpCacheMaxAgeMs },
  })
  await addInferenceRoutes(app, { ...options, timeoutMs: config.httpTimeoutMs })
  await options.extend?.(app)
  guard.close()
  return app
}

/** Counts the requests that have no answer yet. */
function countBusy(server: Server): { settled(): Promise<void> } {
  let requests = 0
  let tell: (() => void) | undefined
  server.on('request', (_request, response: ServerResponse) => {
    requests++
    response.once('close', () => {
      requests--
      if (requests === 0) tell?.()
    })
  })
  return {
    async settled() {
      if (requests > 0)
        await new Promise<void>((resolve) => {
          tell = resolve
        })
    },
  }
}

/** Listens on VALENCE_HTTP_HOST and VALENCE_HTTP_PORT. @throws VAL_PORT_UNAVAILABLE */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { config, metrics } = options
  const app = await createHttpApp(options)
  const { server } = app
  server.maxConnections = config.httpMaxConnections
  server.on('connection', (socket: Socket) => {
    metrics.http.connections.inc()
    socket.once('close', () => metrics.http.connections.dec())
  })
  const busy = countBusy(server)
  const stopWatching = watchCertificate(server, config, options)
  try {
    await app.listen({ host: config.httpHost, port: config.httpPort, backlog: 4_096 })
  } catch (cause) {
    stopWatching()
    throw new ValenceError('VAL_PORT_UNAVAILABLE', `${config.httpHost}:${config.httpPort} (VALENCE_HTTP_PORT)`, {
      cause,
    })
  }
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      stopWatching()
      const closed = app.close()
      // What is begun is finished; connections that have nothing begun would keep the server waiting for ever.
      await busy.settled()
      server.closeAllConnections()
      await closed
    },
  }
}
