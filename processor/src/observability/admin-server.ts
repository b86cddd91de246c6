import type { AddressInfo } from 'node:net'
import { ValenceError } from '@valence/schemas'
import Fastify, { type FastifyInstance } from 'fastify'
import { settings } from '../config/settings.ts'
import { addAdminProblems, sendAdminProblem } from './admin-problems.ts'
import { createExposition } from './exposition.ts'
import type { Health } from './health.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'

export interface AdminServerOptions {
  readonly host: string
  /** 0: the system chooses a free port. */
  readonly port: number
  readonly metrics: Metrics
  readonly health: Health
  /** `/log/level` reads and changes its level. */
  readonly logger: Logger
}

export interface AdminServer {
  readonly port: number
  /** Adds `POST path`: runs the action and sends its result as JSON; an error is sent as a problem document. */
  post(path: string, action: () => Promise<object>): void
  /** Adds `GET path`: sends the result as JSON; 503 while it is undefined. */
  get(path: string, answer: () => object | undefined): void
  close(): Promise<void>
}

/** Routes POST requests to `actions`, which are added after the server listens; Fastify takes no new routes by then. */
function serveActions(server: FastifyInstance, actions: ReadonlyMap<string, () => Promise<object>>): void {
  // Actions take no input; a body of any type is accepted and ignored.
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume()
    done(null)
  })
  server.post('/*', async (request, reply) => {
    const action = actions.get(pathOf(request.url))
    return action ? action() : reply.callNotFound()
  })
}

const pathOf = (url: string) => url.replace(/\?.*$/, '')

/** `GET` and `PUT /log/level`: reads and changes the log level without a restart. */
async function serveLogLevel(server: FastifyInstance, logger: Logger): Promise<void> {
  server.get('/log/level', async () => ({ level: logger.level }))
  server.put('/log/level', async (request, reply) => {
    const asked = settings.VALENCE_LOG_LEVEL.schema.safeParse((request.body as { level?: unknown } | null)?.level)
    if (!asked.success) {
      const error = new ValenceError('VAL_CONFIG_INVALID', 'send {"level": "debug"} or another level')
      return sendAdminProblem(error, reply, 400)
    }
    const before = logger.level
    logger.level = asked.data
    logger.info({ before, level: asked.data }, 'log level changed')
    return { level: logger.level }
  })
}

const fixed: ReadonlySet<string> = new Set(['/metrics', '/livez', '/readyz'])

/** Serves /metrics, /livez, /readyz and /log/level, and the paths added with `get` and `post`. @throws VAL_PORT_UNAVAILABLE */
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
    const { healthy, checks, details } = health.readiness()
    const more = Object.keys(details).length === 0 ? {} : { details }
    return reply.code(healthy ? 200 : 503).send({ status: healthy ? 'ok' : 'failing', checks, ...more })
  })
  const answers = new Map<string, () => object | undefined>()
  const actions = new Map<string, () => Promise<object>>()
  const methodsOf = (path: string): string[] => {
    if (path === '/log/level') return ['GET', 'HEAD', 'PUT']
    if (actions.has(path)) return ['POST']
    return answers.has(path) || fixed.has(path) ? ['GET', 'HEAD'] : []
  }
  addAdminProblems(server, (url) => methodsOf(pathOf(url)), logger)
  // In a scope that keeps the JSON parser: serveActions removes the parsers of the server.
  server.register((scope) => serveLogLevel(scope, logger))
  await server.after()
  serveActions(server, actions)
  server.get('/*', async (request, reply) => {
    const answer = answers.get(pathOf(request.url))
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
