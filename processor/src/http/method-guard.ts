import { ValenceError } from '@valence/schemas'
import type { HTTPMethods } from 'fastify'
import { sendProblem } from './error-replies.ts'
import type { HttpApp } from './http-app.ts'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'] as const

/** Answers 405 with Allow where a path is known but the method is not. Call `close` when all routes are there. */
export function addMethodGuard(app: HttpApp): { close: () => void } {
  const known = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const seen = known.get(url) ?? new Set()
    for (const name of [method].flat()) seen.add(name)
    known.set(url, seen)
  })
  return {
    close() {
      for (const [url, seen] of [...known]) {
        const rest = methods.filter((name) => !seen.has(name)) as HTTPMethods[]
        if (rest.length === 0 || url.includes('*') || url.startsWith('/docs')) continue
        const allow = [...seen, 'OPTIONS'].sort().join(', ')
        app.route({
          url,
          method: rest,
          schema: { hide: true },
          // In onRequest, so that no body is read.
          onRequest: async (request, reply) => {
            reply.header('allow', allow)
            if (request.method === 'OPTIONS') return reply.code(204).send()
            return sendProblem(new ValenceError('VAL_HTTP_METHOD_NOT_ALLOWED'), request, reply)
          },
          handler: async () => undefined,
        })
      }
    },
  }
}
