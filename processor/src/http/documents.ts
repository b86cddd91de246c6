import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { Authenticator } from './auth/authenticator.ts'
import type { HttpApp } from './http-app.ts'

/** What each kind of authentication is called in OpenAPI. */
const schemes = {
  jwt: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token of the configured issuer' },
  'api-key': { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'A key from the operator' },
} as const

const description = `Synchronous sentiment scores from the engine that also works for Kafka.

Errors are problem documents (RFC 9457) with a \`code\`. A request that finds the engine busy gets 503 with
\`Retry-After\` at once. \`timeout-ms\` sets a deadline: what is not scored by then is dropped before inference.`

/** OpenAPI 3.1 at /openapi.json and a page for people at /docs, both from the schemas of the routes. */
export async function addDocuments(app: HttpApp, scheme: Authenticator['scheme'], version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Valence', version, description, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
      components: scheme ? { securitySchemes: { credentials: schemes[scheme] } } : {},
      tags: [
        { name: 'scoring', description: 'Scores at once' },
        { name: 'kafka', description: 'Texts into Kafka, scores out of it' },
        { name: 'administration', description: 'Revoking credentials' },
        { name: 'inference protocol', description: 'Open Inference Protocol v2' },
      ],
    },
    transform: ({ schema, url }) => {
      // Without authentication no security scheme exists that a requirement could name.
      const { security: _, ...open } = schema ?? {}
      return { schema: (scheme ? schema : open) as typeof schema, url }
    },
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { deepLinking: false, tryItOutEnabled: true },
    staticCSP: false,
  })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}
