import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { foreignCharset, ValenceError } from '@valence/schemas'
import type { FastifyReply } from 'fastify'
import { endWithProblem } from './error-replies.ts'
import type { HttpApp } from './http-app.ts'

/** Switches Node's own answers off, which are no problem documents; `addStrictProtocol` makes these checks. */
export const strictServerOptions = { requireHostHeader: false } as const

/** Characters beyond ASCII are percent-encoded in a URL, in UTF-8; Node would take their bytes for Latin-1. */
function isUtf8Url(url: string): boolean {
  if (/[^\x21-\x7e]/.test(url)) return false
  try {
    decodeURIComponent(url)
    return true
  } catch {
    return false
  }
}

function complaintAbout({ headers, method, httpVersion, url = '/' }: IncomingMessage, reply: FastifyReply) {
  const { 'content-encoding': coding = 'identity', 'content-type': contentType = '', host } = headers
  if (!isUtf8Url(url)) return new ValenceError('VAL_RECORD_NOT_UTF8', 'the URL')
  if (coding !== 'identity' && method === 'POST') {
    reply.header('accept-encoding', 'identity')
    return new ValenceError(
      'VAL_HTTP_MEDIA_TYPE_UNSUPPORTED',
      `no body is read in content-encoding ${coding.slice(0, 64)}`,
    )
  }
  const charset = method === 'POST' ? foreignCharset(contentType) : undefined
  if (charset !== undefined) {
    return new ValenceError('VAL_HTTP_MEDIA_TYPE_UNSUPPORTED', `no body is read in charset ${charset}`)
  }
  if (httpVersion === '1.1' && host === undefined) {
    return new ValenceError('VAL_HTTP_MALFORMED', 'the header Host is missing')
  }
  return undefined
}

/** Refuses well-formed HTTP that breaks a rule, with a problem document. */
export function addStrictProtocol(app: HttpApp): void {
  app.addHook('onRequest', ({ raw }, reply, done) => {
    done(complaintAbout(raw, reply))
  })
  const server: Server = app.server
  // An unknown expectation may be ignored (RFC 9110, 10.1.1).
  server.on('checkExpectation', (request, response) => app.routing(request, response))
  server.on('connect', (_request, socket) => endWithProblem(socket as Socket, 'VAL_HTTP_METHOD_NOT_ALLOWED'))
}
