import type { AddressInfo } from 'node:net'
import { errorCatalogue, isValenceError, ValenceError } from '@valence/schemas'
import Fastify, { type FastifyInstance } from 'fastify'
import { createExposition } from './exposition.ts'
import type { Health } from './health.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'
import { settings } from './settings.ts'

export interface AdminServerOptions {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  readonly metrics: Metrics
  readonly health: Health
  /** Its level can be read and changed while it runs. */
  readonly logger: Logger
}

export interface AdminServer {
  readonly port: number
  /** From now on `POST path` runs the action and answers what it resolves with; an error becomes a problem document. */
  post(path: string, action: () => Promise<object>): void
  /** From now on `GET path` answers what this returns, or 503 while it returns undefined. */
  get(path: string, answer: () => object | undefined): void
  close(): Promise<void>
}

/** Actions come when the parts they belong to are up, long after the port is open. */
function serveActions(server: FastifyInstance): Map<string, () => Promise<object>> {
  const actions = new Map<string, () => Promise<object>>()
  // Actions take no input; a body of any kind is let pass and ignored.
  server.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume()
    done(null)
  })
  server.post('/*', async (request, reply) => {
    const action = actions.get(request.url.replace(/\?.*$/, ''))
    if (!action) return reply.callNotFound()
    try {
      return await action()
    } catch (error) {
      const { status, ...problem } = toProblem(error)
      return reply
        .code(status)
        .type('application/problem+json')
        .send({ ...problem, status })
    }
  })
  return actions
}

function toProblem(error: unknown) {
  if (!isValenceError(error)) return { title: 'Unexpected error', status: 500, code: 'VAL_HTTP_INTERNAL' } as const
  const { message, help, http = 422 } = errorCatalogue[error.code]
  return { title: message, status: http, code: error.code, detail: error.detail, help }
}

/** `GET` and `PUT /log/level`: louder while something is looked into, without a restart. */
function serveLogLevel(server: FastifyInstance, logger: Logger): void {
  server.get('/log/level', async () => ({ level: logger.level }))
  server.put('/log/level', async (request, reply) => {
    const asked = settings.VALENCE_LOG_LEVEL.schema.safeParse((request.body as { level?: unknown } | null)?.level)
    if (!asked.success) {
      const error = new ValenceError('VAL_CONFIG_INVALID', 'send {"level": "debug"} or another level')
      const problem = { ...toProblem(error), status: 400 }
      return reply.code(400).type('application/problem+json').send(problem)
    }
    const before = logger.level
    logger.level = asked.data
    logger.info({ before, level: asked.data }, 'log level changed')
    return { level: logger.level }
  })
}

/** Serves /metrics, /livez and /readyz to operators. @throws VAL_PORT_UNAVAILABLE */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const { host, port, metrics, health, logger } = options
  const server = Fastify({ forceCloseConnections: true })
  const expose = createExposition(metrics.registry)
  server.get('/metrics', async (request, reply) => {
    const { contentType, body } = await expose(request.headers.accept)
    reply.header('content-type', contentType)
    return body
  })
  server.get('/livez', async (_request, reply) => {
    const live = health.isLive()
    return reply.code(live ? 200 : 503).send({ status: live ? 'ok' : 'failing' })
  })
  server.get('/readyz', async (_request, reply) => {
    const { healthy, checks } = health.readiness()
    return reply.code(healthy ? 200 : 503).send({ status: healthy ? 'ok' : 'failing', checks })
  })
  serveLogLevel(server, logger)
  const actions = serveActions(server)
  const answers = new Map<string, () => object | undefined>()
  server.get('/*', async (request, reply) => {
    const answer = answers.get(request.url.replace(/\?.*$/, ''))
    if (!answer) return reply.callNotFound()
    return answer() ?? reply.code(503).send({ status: 'unknown' })
  })
  try {
    await server.listen({ host, port })
  } catch (cause) {
    throw new ValenceError('VAL_PORT_UNAVAILABLE', `${host}:${port} (VALENCE_ADMIN_PORT)`, { cause })
  }
  return {
    port: (server.server.address() as AddressInfo).port,
    get: (path, answer) => void answers.set(path, answer),
    post: (path, action) => void actions.set(path, action),
    close: () => server.close(),
  }
}
