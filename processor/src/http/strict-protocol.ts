import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { ValenceError } from '@valence/schemas'
import type { FastifyReply } from 'fastify'
import { endWithProblem } from './error-replies.ts'
import type { HttpApp } from './http-app.ts'

/** What Node would answer by itself, without a problem document, is left to `addStrictProtocol`. */
export const strictServerOptions = { requireHostHeader: false } as const

function complaintAbout({ headers, method, httpVersion }: IncomingMessage, reply: FastifyReply): Error | undefined {
  const { 'content-encoding': coding = 'identity', host } = headers
  if (coding !== 'identity' && method === 'POST') {
    reply.header('accept-encoding', 'identity')
    return new ValenceError(
      'VAL_HTTP_MEDIA_TYPE_UNSUPPORTED',
      `no body is read in content-encoding ${coding.slice(0, 64)}`,
    )
  }
  if (httpVersion === '1.1' && host === undefined) {
    return new ValenceError('VAL_HTTP_MALFORMED', 'the header Host is missing')
  }
  return undefined
}

/** Answers what is HTTP, but not as it should be, the way everything else is answered. */
export function addStrictProtocol(app: HttpApp): void {
  app.addHook('onRequest', ({ raw }, reply, done) => {
    done(complaintAbout(raw, reply))
  })
  const server: Server = app.server
  // An expectation that nobody knows may be ignored (RFC 9110, 10.1.1).
  server.on('checkExpectation', (request, response) => app.routing(request, response))
  server.on('connect', (_request, socket) => endWithProblem(socket as Socket, 'VAL_HTTP_METHOD_NOT_ALLOWED'))
}
