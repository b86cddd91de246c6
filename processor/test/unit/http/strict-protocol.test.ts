import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { openTestApp } from '@valence/testing/processes/http-app'
import { expect, it } from 'vitest'

/** What comes back for these lines on a connection of their own, until the server ends it. */
async function ask(...lines: string[]): Promise<string> {
  await using test = await openTestApp()
  await test.app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((test.app.server.address() as AddressInfo).port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString()
}

it('answers a missing Host with a problem, but not in HTTP/1.0, which has none', async () => {
  const answer = await ask('GET /v2/health/live HTTP/1.1', 'connection: close')
  expect(answer).toMatch(/^HTTP\/1\.1 400 .*application\/problem\+json.*VAL_HTTP_MALFORMED.*Host is missing/s)
  expect(await ask('GET /v2/health/live HTTP/1.0')).toMatch(/^HTTP\/1\.1 200 /)
})

it('passes over an expectation that it does not know', async () => {
  const answer = await ask('GET /v2/health/live HTTP/1.1', 'host: a', 'expect: miracles', 'connection: close')
  expect(answer).toMatch(/^HTTP\/1\.1 200 /)
})

it('answers CONNECT with a problem', async () => {
  const answer = await ask('CONNECT elsewhere:443 HTTP/1.1', 'host: elsewhere')
  expect(answer).toMatch(/^HTTP\/1\.1 405 .*application\/problem\+json.*VAL_HTTP_METHOD_NOT_ALLOWED/s)
})

it('says that it reads no compressed bodies', async () => {
  await using test = await openTestApp()
  const post = (coding: string) =>
    test.app.inject({
      method: 'POST',
      url: '/v1/score',
      headers: { 'content-encoding': coding },
      payload: { text: 'good' },
    })
  const answer = await post('gzip')
  expect(answer.json()).toMatchObject({ status: 415, detail: 'no body is read in content-encoding gzip' })
  expect(answer.headers['accept-encoding']).toBe('identity')
  expect((await post('identity')).statusCode).toBe(200)
})
