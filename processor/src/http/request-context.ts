import { randomBytes, randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { unknownCaller } from './auth/principal.ts'
import type { RequestDeadline } from './facade-scorer.ts'
import type { HttpApp } from './http-app.ts'

const safeId = /^[\w.:-]{1,128}$/
const traceParent = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/

/** The caller's x-request-id if it matches `safeId`, else a new UUID. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && safeId.test(given) ? given : randomUUID()
}

function readTrace(request: FastifyRequest): { traceId: string; flags: string } | undefined {
  const given = request.headers.traceparent
  const match = typeof given === 'string' ? traceParent.exec(given) : null
  if (match?.[1] === undefined || /^0+$/.test(match[1])) return undefined
  return { traceId: match[1], flags: match[2] ?? '00' }
}

/** Gives each request its arrival time, its ids and a signal that tells when the caller has left. */
export function addRequestContext(app: HttpApp): void {
  app.decorateRequest('principal', null as never)
  app.decorateRequest('abandoned', null as never)
  app.decorateRequest('arrivedAt', 0)
  app.decorateRequest('traceId', undefined)
  app.addHook('onRequest', (request, reply, done) => {
    request.arrivedAt = Date.now()
    request.principal = unknownCaller
    const left = new AbortController()
    request.abandoned = left.signal
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) left.abort()
    })
    reply.header('x-request-id', request.id)
    const trace = readTrace(request)
    request.traceId = trace?.traceId
    if (trace) reply.header('traceparent', `00-${trace.traceId}-${randomBytes(8).toString('hex')}-${trace.flags}`)
    done()
  })
}

/** The deadline of a request, by its `timeout-ms` header or the default, and the signal that its caller left. */
export function deadlineOf(request: FastifyRequest, defaultTimeoutMs: number): RequestDeadline {
  const asked = Number(request.headers['timeout-ms'])
  const timeoutMs = Number.isInteger(asked) && asked > 0 ? asked : defaultTimeoutMs
  const { arrivedAt, abandoned: signal, traceContext } = request
  return { deadline: arrivedAt + timeoutMs, signal, ...(traceContext ? { traceContextOf: () => traceContext } : {}) }
}
