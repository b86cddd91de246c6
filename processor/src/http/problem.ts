import { errorCatalogue, isValenceError, ValenceError } from '@valence/schemas'
import type { FastifyError } from 'fastify'
import { redact } from '../config/redaction.ts'
import { frameworkCodes } from '../platform/framework-codes.ts'
import type { Problem } from './contract/problem-response.ts'

function validationDetail({ validation, validationContext }: FastifyError): string {
  const [first] = validation ?? []
  if (first === undefined) return 'the request'
  const path = `${validationContext ?? 'request'}${first.instancePath}`
  const extra = first.params.additionalProperty
  const named = typeof extra === 'string' ? `: ${JSON.stringify(extra.slice(0, 64))}` : ''
  return `${path} ${first.message ?? 'is not valid'}${named}`
}

/** The catalogue's error for anything thrown in a request; VAL_HTTP_INTERNAL where it has none. */
export function toValenceError(error: unknown): ValenceError {
  if (isValenceError(error)) {
    return errorCatalogue[error.code].http === undefined
      ? new ValenceError('VAL_HTTP_INTERNAL', undefined, { cause: error })
      : error
  }
  const known = error as Partial<FastifyError>
  if (known.validation) {
    return new ValenceError('VAL_HTTP_REQUEST_INVALID', validationDetail(error as FastifyError), { cause: error })
  }
  const code = frameworkCodes[known.code ?? '']
  if (code) return new ValenceError(code, undefined, { cause: error })
  if (error instanceof SyntaxError && known.statusCode === 400) {
    return new ValenceError('VAL_HTTP_BODY_INVALID', undefined, { cause: error })
  }
  const isCallersFault = known.statusCode !== undefined && known.statusCode >= 400 && known.statusCode < 500
  return new ValenceError(isCallersFault ? 'VAL_HTTP_MALFORMED' : 'VAL_HTTP_INTERNAL', undefined, { cause: error })
}

export function statusOf(error: ValenceError): number {
  return errorCatalogue[error.code].http ?? 500
}

/** The problem document of an error. */
export function toProblem(error: ValenceError, requestId: string): Problem {
  return {
    type: `urn:valence:error:${error.code}`,
    title: errorCatalogue[error.code].message,
    status: statusOf(error),
    code: error.code,
    ...(error.detail === undefined ? {} : { detail: redact(error.detail) }),
    help: error.help,
    requestId,
  }
}

/** Headers that go with a status unless the route has set them. */
export function defaultHeaders(error: ValenceError): Record<string, string> {
  const status = statusOf(error)
  if (status === 429 || status === 503) return { 'retry-after': '1' }
  if (status !== 401 && status !== 403) return {}
  if (error.code === 'VAL_AUTH_MISSING') return { 'www-authenticate': 'Bearer realm="valence"' }
  const reason = status === 403 ? 'insufficient_scope' : 'invalid_token'
  return { 'www-authenticate': `Bearer realm="valence", error="${reason}"` }
}
