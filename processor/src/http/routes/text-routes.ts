import { textEventJson, ValenceError } from '@valence/schemas'
import { Type } from 'typebox'
import type { Metrics } from '../../observability/metrics.ts'
import { problems } from '../contract/problem-response.ts'
import { textRequest } from '../contract/text-request.ts'
import type { HttpApp } from '../http-app.ts'
import { traceHeaders } from '../request-tracing.ts'
import type { TextIntake } from '../text-intake.ts'

const acceptedText = Type.Object(
  {
    id: Type.String(),
    topic: Type.String(),
    partition: Type.Integer(),
    offset: Type.String({ description: 'In decimal digits' }),
  },
  { title: 'AcceptedText', description: 'Where the text was written' },
)

const intakeHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ minLength: 1, maxLength: 128, description: 'Repeating a request with the same key is harmless' }),
  ),
})

/** Texts into Kafka: 202 once the broker has acknowledged. */
export function addTextRoutes(app: HttpApp, intake: TextIntake | undefined, metrics: Metrics): void {
  app.post('/v1/texts', {
    config: { scope: 'sentiment:produce' },
    schema: {
      operationId: 'produceText',
      summary: 'Produce one text to Kafka; its score comes out of the output topic and the stream',
      tags: ['kafka'],
      security: [{ credentials: ['sentiment:produce'] }],
      headers: intakeHeaders,
      body: textRequest,
      response: { 202: acceptedText, ...problems(409, 413, 415) },
    },
    handler: async (request, reply) => {
      textEventJson.parse(request.body)
      if (!intake) throw new ValenceError('VAL_INTAKE_UNAVAILABLE', 'VALENCE_HTTP_KAFKA_ENABLED is not set')
      const accepted = await intake.accept({
        event: request.body,
        subject: request.principal.subject,
        idempotencyKey: request.headers['idempotency-key'],
        headers: traceHeaders(request),
      })
      metrics.http.textsAccepted.inc()
      return reply.code(202).send(accepted)
    },
  })
}
