import { errorCatalogue, isValenceError, ValenceError } from '@valence/schemas'
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import { redact } from '../config/redaction.ts'
import { frameworkCodes } from '../platform/framework-codes.ts'
import type { Logger } from './logger.ts'

function toValenceError(error: unknown): ValenceError {
  if (isValenceError(error)) return error
  const { code = '', statusCode = 500 } = error as Partial<FastifyError>
  const known = frameworkCodes[code] ?? (statusCode < 500 ? 'VAL_HTTP_MALFORMED' : 'VAL_HTTP_INTERNAL')
  return new ValenceError(known, undefined, { cause: error })
}

/** Sends an error as a problem document. Status: the given one, else that of the catalogue, else 422 (action failed). */
export function sendAdminProblem(error: ValenceError, reply: FastifyReply, status?: number): FastifyReply {
  const { code, detail, help } = error
  const { message: title, http = 422 } = errorCatalogue[code]
  const problem = {
    type: `urn:valence:error:${code}`,
    title,
    status: status ?? http,
    code,
    detail: detail && redact(detail),
    help,
  }
  return reply.code(problem.status).type('application/problem+json').send(problem)
}

/** Sends all errors of the admin port as problem documents. `methodsOf` returns the methods of a path; none if unknown (404). */
export function addAdminProblems(
  server: FastifyInstance,
  methodsOf: (url: string) => readonly string[],
  logger: Logger,
): void {
  server.setErrorHandler((thrown, request, reply) => {
    const error = toValenceError(thrown)
    if (error.code === 'VAL_HTTP_INTERNAL')
      logger.error({ err: thrown, url: request.url.replace(/[?#].*$/s, '') }, 'admin request failed')
    return sendAdminProblem(error, reply)
  })
  server.setNotFoundHandler((request, reply) => {
    const methods = methodsOf(request.url)
    if (methods.length === 0) return sendAdminProblem(new ValenceError('VAL_HTTP_NOT_FOUND'), reply)
    reply.header('allow', methods.join(', '))
    return sendAdminProblem(new ValenceError('VAL_HTTP_METHOD_NOT_ALLOWED'), reply)
  })
}
