import { readUtf8 } from '@valence/schemas'
import type { FastifyRequest } from 'fastify'
import type { HttpApp } from './http-app.ts'

/** Fastify decodes what is not UTF-8 to U+FFFD; here it is VAL_RECORD_NOT_UTF8, as in every other record. */
export function addJsonBody(app: HttpApp): void {
  // An attribute may have any name: JSON.parse makes `__proto__` an own property, and so do the copies of a body.
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
