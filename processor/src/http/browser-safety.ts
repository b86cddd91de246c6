import cors from '@fastify/cors'
import type { Config } from '../config/config.ts'
import type { HttpApp } from './http-app.ts'

/** Everything a page of ours loads comes from here; nobody may frame it. Inline styles are what /docs is made of. */
const contentSecurity = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

function securityHeaders({ httpTlsCertFile, httpCorsOrigins }: Config): Record<string, string> {
  return {
    'content-security-policy': contentSecurity,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': httpCorsOrigins ? 'cross-origin' : 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...(httpTlsCertFile === undefined ? {} : { 'strict-transport-security': 'max-age=31536000' }),
  }
}

/** Headers that a response needs or a page may read. */
const exposedHeaders = ['x-request-id', 'retry-after', 'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset']

/**
 * Security headers, and CORS for the origins that are allowed. No cookie is ever set or read, so a foreign page can do
 * nothing in somebody's name; credentials stay out of CORS for the same reason.
 */
export async function addBrowserSafety(app: HttpApp, config: Config): Promise<void> {
  const headers = securityHeaders(config)
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers)
    done()
  })
  if (!config.httpCorsOrigins) return
  await app.register(cors, {
    origin: config.httpCorsOrigins,
    methods: ['GET', 'POST'],
    credentials: false,
    maxAge: 600,
    exposedHeaders,
  })
}
