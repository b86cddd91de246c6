import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type ErrorCode, ValenceError } from '@valence/schemas'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { HttpApp } from './http-app.ts'
import { isLingering, lingerAndClose } from './lingering-close.ts'
import { defaultHeaders, statusOf, toProblem, toValenceError } from './problem.ts'

type Observers = { readonly logger: Logger; readonly metrics: Metrics }

/** Answers an error with its problem document. */
export function sendProblem(error: ValenceError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error, request.id)
  for (const [name, value] of Object.entries(defaultHeaders(error))) {
    if (!reply.hasHeader(name)) reply.header(name, value)
  }
  reply.header('cache-control', 'no-store').code(problem.status).type('application/problem+json')
  const protocol = request.routeOptions.config.inferenceProtocol
  return reply.send(protocol ? { ...problem, error: error.message } : problem)
}

/** Answers every error with a problem document; only a 500 is logged with its cause. */
export function addErrorReplies(app: HttpApp, { logger, metrics }: Observers): void {
  app.setErrorHandler((thrown, request, reply) => {
    const error = toValenceError(thrown)
    metrics.http.refused.inc({ code: error.code })
    if (statusOf(error) === 500) logger.error({ err: error.cause, requestId: request.id }, 'request failed')
    return sendProblem(error, request, reply)
  })
  app.setNotFoundHandler((request, reply) => sendProblem(new ValenceError('VAL_HTTP_NOT_FOUND'), request, reply))
}

const parserCodes: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'VAL_HTTP_HEADERS_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'VAL_HTTP_REQUEST_TIMED_OUT',
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}

/** Writes a problem document to a socket without a request, and closes it. */
export function endWithProblem(socket: Socket, code: ErrorCode): void {
  const problem = toProblem(new ValenceError(code), 'none')
  const body = JSON.stringify(problem)
  socket.write(
    `HTTP/1.1 ${problem.status} ${reasons[problem.status]}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
  lingerAndClose(socket)
}

/** Answers what the parser refuses: malformed HTTP, headers that are too large, requests that arrive too slowly. */
export function createClientErrorHandler(metrics: Metrics) {
  return (thrown: NodeJS.ErrnoException, socket: Socket): void => {
    if (isLingering(socket)) return
    const code = parserCodes[thrown.code ?? ''] ?? 'VAL_HTTP_MALFORMED'
    metrics.http.clientErrors.inc({ code })
    const answer = (socket as Socket & { _httpMessage?: ServerResponse })._httpMessage
    if (thrown.code === 'ECONNRESET' || !socket.writable) socket.destroy()
    else if (!answer?.headersSent) endWithProblem(socket, code)
    else if (answer.writableEnded) lingerAndClose(socket)
    else socket.destroy()
  }
}
