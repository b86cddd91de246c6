import { readUtf8 } from '@valence/schemas'
import type { FastifyRequest } from 'fastify'
import type { HttpApp } from './http-app.ts'

/** Refuses a body that is not UTF-8 with VAL_RECORD_NOT_UTF8, as in records; Fastify would put U+FFFD in. */
export function addJsonBody(app: HttpApp): void {
  // `__proto__` is allowed as an attribute's name: JSON.parse makes it an own property, and so do all copies of a body.
  const parse = app.getDefaultJsonParser('ignore', 'ignore')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request: FastifyRequest, body: Buffer, done) => {
    let text: string
    try {
      text = readUtf8(body, 'the body')
    } catch (error) {
      done(error as Error)
      return
    }
    parse(request, text, done)
  })
}
