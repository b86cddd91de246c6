import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { ValenceError } from '@valence/schemas'
import Fastify, { type FastifyReply, type FastifyRequest, type FastifyServerOptions } from 'fastify'
import { createClientErrorHandler, sendProblem } from './error-replies.ts'
import { addHooks, type HooksOptions } from './hooks.ts'
import type { HttpApp } from './http-app.ts'
import { toValenceError } from './problem.ts'
import { requestIdOf } from './request-context.ts'
import { addRoutes, type RoutesOptions } from './routes.ts'
import { strictServerOptions } from './strict-protocol.ts'
import { tlsOptions, watchCertificate } from './tls.ts'

export type HttpServerOptions = HooksOptions & RoutesOptions

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
    // Schemas bound the length of a parameter, maxHeaderSize that of a URL.
    routerOptions: { maxParamLength: config.httpMaxHeaderBytes },
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(toValenceError(error), request, reply),
    ...tlsOptions(config),
  } as FastifyServerOptions
}

/** The HTTP application with all its routes, not yet listening. */
export async function createHttpApp(options: HttpServerOptions): Promise<HttpApp> {
  const app = Fastify(frameworkOptions(options)) as unknown as HttpApp
  // A form of another site can post text/plain without a CORS preflight; JSON it cannot.
  app.removeContentTypeParser('text/plain')
  await addHooks(app, options)
  await addRoutes(app, options)
  return app
}

/** Counts requests without a complete response. */
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
      // Requests under way are answered first. Idle connections are closed: Node would wait for them for ever.
      await busy.settled()
      server.closeAllConnections()
      await closed
    },
  }
}
