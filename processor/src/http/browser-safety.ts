import cors from '@fastify/cors'
import type { Config } from '../config/config.ts'
import type { HttpApp } from './http-app.ts'

/** Pages load from this origin only and cannot be framed. Inline styles are allowed because /docs needs them. */
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

/** Response headers that a page of an allowed origin may read. */
const exposedHeaders = ['x-request-id', 'retry-after', 'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset']

/**
 * Adds security headers, and CORS for VALENCE_HTTP_CORS_ORIGINS. No cookie is ever set or read, so another site cannot
 * act for a user; for the same reason CORS allows no credentials.
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
