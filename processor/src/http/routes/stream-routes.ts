import { ValenceError } from '@valence/schemas'
import { Type } from 'typebox'
import { problems } from '../contract/problem-response.ts'
import type { HttpApp } from '../http-app.ts'
import type { StreamClients } from '../stream/stream-clients.ts'
import { parsePosition } from '../stream/stream-position.ts'

export interface ScoreStream {
  readonly clients: StreamClients
  /** False while no events can come. */
  isConnected(): boolean
}

const streamQuery = Type.Object(
  {
    source: Type.Optional(Type.String({ maxLength: 256, description: 'Only events of this source' })),
    id: Type.Optional(Type.String({ maxLength: 256, description: 'Only the event of this id' })),
  },
  { additionalProperties: false },
)

const streamHeaders = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({ maxLength: 8_192, description: 'Resume after this event, as far as it is still kept' }),
  ),
})

/** Server-sent events: `score`, and `gap`, `dropped` or `status` about the stream itself. */
export function addStreamRoutes(app: HttpApp, stream: ScoreStream | undefined): void {
  app.get('/v1/scores/stream', {
    exposeHeadRoute: false,
    config: { scope: 'sentiment:read' },
    schema: {
      operationId: 'streamScores',
      summary: 'Scored events as they are committed to Kafka, as server-sent events',
      tags: ['kafka'],
      security: [{ credentials: ['sentiment:read'] }],
      querystring: streamQuery,
      headers: streamHeaders,
      response: {
        200: { description: 'Server-sent events', content: { 'text/event-stream': { schema: Type.String() } } },
        ...problems(),
      },
    },
    handler: async (request, reply) => {
      if (!stream?.isConnected()) throw new ValenceError('VAL_STREAM_UNAVAILABLE')
      if (stream.clients.isFull) throw new ValenceError('VAL_STREAM_FULL')
      const given = request.headers['last-event-id']
      reply.hijack()
      reply.raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        // Proxies that gather a response before they pass it on must not.
        'x-accel-buffering': 'no',
      })
      stream.clients.add(reply.raw, request.query, given ? parsePosition(given) : undefined)
    },
  })
  if (stream) app.addHook('preClose', async () => stream.clients.close())
}
