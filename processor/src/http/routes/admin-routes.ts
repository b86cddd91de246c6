import { ValenceError } from '@valence/schemas'
import { Type } from 'typebox'
import type { Revocations } from '../auth/revocations.ts'
import { problems } from '../contract/problem-response.ts'
import type { HttpApp } from '../http-app.ts'

const dayMs = 86_400_000

const revocationRequest = Type.Object(
  {
    tokenId: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'The `jti` of one token' })),
    subject: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: 'All that this subject holds now; newer tokens count' }),
    ),
    ttlMs: Type.Optional(
      Type.Integer({
        minimum: 1_000,
        maximum: 365 * dayMs,
        description: 'How long to remember it: until the last token it concerns has expired. A day unless given',
      }),
    ),
  },
  {
    additionalProperties: false,
    title: 'RevocationRequest',
    oneOf: [{ required: ['tokenId'] }, { required: ['subject'] }],
  },
)

/** Revoking credentials, by callers with the scope sentiment:admin. */
export function addAdminRoutes(app: HttpApp, revocations: Revocations | undefined): void {
  app.post('/v1/revocations', {
    config: { scope: 'sentiment:admin' },
    schema: {
      operationId: 'revoke',
      summary: 'Revoke a token, or all tokens that a subject holds now, on all replicas',
      tags: ['administration'],
      security: [{ credentials: ['sentiment:admin'] }],
      body: revocationRequest,
      response: { 204: { type: 'null', description: 'Revoked' }, ...problems(413, 415) },
    },
    handler: async ({ body }, reply) => {
      const { tokenId, subject, ttlMs = dayMs } = body
      if (!revocations) throw new ValenceError('VAL_REDIS_UNAVAILABLE', 'revocation needs VALENCE_REDIS_URL')
      const revoked = tokenId === undefined ? { subject: subject ?? '' } : { tokenId }
      await revocations.revoke(revoked, ttlMs)
      return reply.code(204).send(null)
    },
  })
}
