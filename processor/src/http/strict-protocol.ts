import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { ValenceError } from '@valence/schemas'
import { endWithProblem } from './error-replies.ts'
import type { HttpApp } from './http-app.ts'

/** What Node would answer by itself, without a problem document, is left to `addStrictProtocol`. */
export const strictServerOptions = { requireHostHeader: false } as const

/** Answers what is HTTP, but not as it should be, the way everything else is answered. */
export function addStrictProtocol(app: HttpApp): void {
  app.addHook('onRequest', async ({ raw }, reply) => {
    const { 'content-encoding': coding = 'identity' } = raw.headers
    if (coding !== 'identity' && raw.method === 'POST') {
      reply.header('accept-encoding', 'identity')
      throw new ValenceError(
        'VAL_HTTP_MEDIA_TYPE_UNSUPPORTED',
        `no body is read in content-encoding ${coding.slice(0, 64)}`,
      )
    }
    if (raw.httpVersion === '1.1' && raw.headers.host === undefined) {
      throw new ValenceError('VAL_HTTP_MALFORMED', 'the header Host is missing')
    }
  })
  const server: Server = app.server
  // An expectation that nobody knows may be ignored (RFC 9110, 10.1.1).
  server.on('checkExpectation', (request, response) => app.routing(request, response))
  server.on('connect', (_request, socket) => endWithProblem(socket as Socket, 'VAL_HTTP_METHOD_NOT_ALLOWED'))
}
