import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { errorCatalogue, ValenceError } from '@valence/schemas'
import { openTestApp } from '@valence/testing/processes/http-app'
import { describe, expect, it } from 'vitest'
import { defaultHeaders, statusOf, toProblem, toValenceError } from '../../../src/http/problem.ts'

async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(bytes)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  await once(socket, 'close')
  return Buffer.concat(chunks).toString()
}

describe('problems', () => {
  it('are what the catalogue says', () => {
    expect(toProblem(new ValenceError('VAL_QUEUE_FULL', 'why'), 'r')).toEqual({
      type: 'urn:valence:error:VAL_QUEUE_FULL',
      title: errorCatalogue.VAL_QUEUE_FULL.message,
      status: 503,
      code: 'VAL_QUEUE_FULL',
      detail: 'why',
      help: errorCatalogue.VAL_QUEUE_FULL.help,
      requestId: 'r',
    })
  })

  it('hide errors that have no business with HTTP', () => {
    const error = toValenceError(new ValenceError('VAL_KAFKA_FENCED', 'internals'))
    expect(error).toMatchObject({ code: 'VAL_HTTP_INTERNAL', detail: undefined })
    expect(statusOf(error)).toBe(500)
  })

  it('challenge who lacks credentials or scope', () => {
    expect(defaultHeaders(new ValenceError('VAL_AUTH_MISSING'))).toEqual({
      'www-authenticate': 'Bearer realm="valence"',
    })
    expect(defaultHeaders(new ValenceError('VAL_AUTH_SCOPE_MISSING'))['www-authenticate']).toMatch('insufficient_scope')
    expect(defaultHeaders(new ValenceError('VAL_AUTH_TOKEN_EXPIRED'))['www-authenticate']).toMatch('invalid_token')
  })
})

describe('requests that reach no route', () => {
  it.each([
    ['unknown path', { method: 'GET', url: '/v3/score' }, 404, 'VAL_HTTP_NOT_FOUND'],
    ['other method', { method: 'DELETE', url: '/v1/score' }, 405, 'VAL_HTTP_METHOD_NOT_ALLOWED'],
    [
      'other media type',
      { method: 'POST', url: '/v1/score', payload: 'a', headers: { 'content-type': 'text/csv' } },
      415,
      'VAL_HTTP_MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'broken JSON',
      { method: 'POST', url: '/v1/score', payload: '{"text"', headers: { 'content-type': 'application/json' } },
      400,
      'VAL_HTTP_BODY_INVALID',
    ],
    [
      'empty body',
      { method: 'POST', url: '/v1/score', payload: '', headers: { 'content-type': 'application/json' } },
      400,
      'VAL_HTTP_BODY_INVALID',
    ],
    ['broken escape', { method: 'GET', url: '/v2/models/%E0%A4%A' }, 400, 'VAL_HTTP_MALFORMED'],
  ] as const)('%s', async (_, request, status, code) => {
    await using test = await openTestApp()
    const response = await test.app.inject(request as never)
    expect(response.json()).toMatchObject({ status, code })
    expect(response.statusCode).toBe(status)
  })

  it('a member __proto__ is refused as any other unknown one, and changes nothing', async () => {
    await using test = await openTestApp()
    const payload = '{"text":"good","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'
    const headers = { 'content-type': 'application/json' }
    const response = await test.app.inject({ method: 'POST', url: '/v1/score', payload, headers })
    expect(response.statusCode).toBe(422)
    expect(response.json()).toMatchObject({ code: 'VAL_HTTP_REQUEST_INVALID' })
    expect({}).not.toHaveProperty('polluted')
  })

  it('405 names the methods', async () => {
    await using test = await openTestApp()
    const response = await test.app.inject({ method: 'PUT', url: '/v2/models/tiny/infer' })
    expect(response.headers.allow).toBe('OPTIONS, POST')
    const options = await test.app.inject({ method: 'OPTIONS', url: '/v1/score' })
    expect([options.statusCode, options.headers.allow]).toEqual([204, 'GET, HEAD, OPTIONS, POST'])
  })

  it('broken HTTP, header bombs and slow clients get a clean answer and are cut off', async () => {
    const environment = { VALENCE_HTTP_REQUEST_TIMEOUT_MS: '300', VALENCE_HTTP_MAX_HEADER_BYTES: '2048' }
    await using test = await openTestApp({ environment })
    await test.app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = test.app.server.address() as AddressInfo
    expect(await sendRaw(port, 'NOT HTTP\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*VAL_HTTP_MALFORMED/s)
    const bomb = `GET / HTTP/1.1\r\nhost: a\r\nx-a: ${'a'.repeat(4_096)}\r\n\r\n`
    expect(await sendRaw(port, bomb)).toMatch(/^HTTP\/1\.1 431 .*VAL_HTTP_HEADERS_TOO_LARGE/s)
    const slow =
      'POST /v1/score HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{"te'
    expect(await sendRaw(port, slow)).toMatch(/^HTTP\/1\.1 408 .*VAL_HTTP_REQUEST_TIMED_OUT/s)
    expect(await sendRaw(port, 'GET /v1/sc')).toMatch(/^HTTP\/1\.1 408 /)
    expect(test.admission.texts).toBe(0)
  })
})
