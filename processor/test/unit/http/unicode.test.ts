import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { openTestApp } from '@valence/testing/processes/http-app'
import { expect, it } from 'vitest'
import { TextIntake } from '../../../src/http/text-intake.ts'

const lone = 'a\ud800'
const refused = { status: 400, code: 'VAL_RECORD_NOT_UTF8' }
const bytesOf = (text: string) => Buffer.from(text, 'latin1')
const tensor = (data: unknown[]) => ({ inputs: [{ name: 'text', shape: [data.length], datatype: 'BYTES', data }] })

/** The whole application; texts into Kafka are only collected. */
async function openApp() {
  const produced: unknown[] = []
  const intake = new TextIntake(async (event) => {
    produced.push(event)
    return { id: event.id, topic: 't', partition: 0, offset: '0' }
  })
  const test = await openTestApp({ intake })
  const post = (url: string, payload: object | Buffer, contentType = 'application/json') =>
    test.app.inject({ method: 'POST', url, payload, headers: { 'content-type': contentType } })
  return { ...test, produced, post }
}

it.each([
  ['/v1/score', { text: lone }],
  ['/v1/score', { text: 'good', id: lone }],
  ['/v1/score', { text: 'good', source: lone }],
  ['/v1/score', { text: 'good', lang: lone }],
  ['/v1/score', { text: 'good', attributes: { k: lone } }],
  ['/v1/score', { text: 'good', attributes: { [lone]: 'v' } }],
  ['/v1/texts', { text: lone }],
  ['/v1/texts', { text: 'good', id: lone }],
  ['/v1/texts', { text: 'good', attributes: { [lone]: 'v' } }],
  ['/v2/models/tiny/infer', tensor([lone])],
  ['/v2/models/tiny/infer', { id: lone, ...tensor(['good']) }],
])('%s refuses half a surrogate pair: %j', async (url, payload) => {
  await using test = await openApp()
  const response = await test.post(url, payload)
  expect(response.json()).toMatchObject(refused)
  expect(response.json().detail).toContain('holds half a surrogate pair')
  expect(test.produced).toEqual([])
})

it('refuses one item of a batch and scores the others', async () => {
  await using test = await openApp()
  const texts = [
    'good',
    lone,
    { text: 'good', id: lone },
    { text: 'bad', attributes: { k: lone } },
    { text: 'good', id: '5' },
  ]
  const { results } = (await test.post('/v1/score/batch', { texts })).json()
  const outcomes = results.map(
    (item: { error?: { code: string }; event?: { label: string } }) => item.error?.code ?? item.event?.label,
  )
  expect(outcomes).toEqual([
    'positive',
    'VAL_RECORD_NOT_UTF8',
    'VAL_RECORD_NOT_UTF8',
    'VAL_RECORD_NOT_UTF8',
    'positive',
  ])
  expect(results[4].event.id).toBe('5')
  expect(test.scorer.asked.flatMap((asked) => asked.texts)).toEqual(['good', 'good'])
})

it.each([
  ['/v1/score', bytesOf('{"text":"caf\xe9"}')],
  ['/v1/score', Buffer.from('\ufeff{"text":"good"}', 'utf16le')],
  ['/v1/score/batch', bytesOf('{"texts":["caf\xe9"]}')],
  ['/v1/texts', bytesOf('{"text":"caf\xe9"}')],
  ['/v2/models/tiny/infer', bytesOf(JSON.stringify(tensor(['caf\xe9'])))],
])('%s refuses a body that is not UTF-8', async (url, payload) => {
  await using test = await openApp()
  expect((await test.post(url, payload)).json()).toMatchObject(refused)
  expect(test.scorer.asked).toEqual([])
})

it('refuses a binary tensor that is not UTF-8, in its text or in its JSON', async () => {
  await using test = await openApp()
  const infer = (head: Buffer, text: Buffer) =>
    test.app.inject({
      method: 'POST',
      url: '/v2/models/tiny/infer',
      headers: { 'content-type': 'application/octet-stream', 'inference-header-content-length': String(head.length) },
      payload: Buffer.concat([head, Buffer.from([text.length, 0, 0, 0]), text]),
    })
  const head = (id: string) => bytesOf(`{"id":"${id}","inputs":[{"name":"text","shape":[1],"datatype":"BYTES"}]}`)
  expect((await infer(head('1'), Buffer.from('good'))).statusCode).toBe(200)
  expect((await infer(head('1'), bytesOf('caf\xe9'))).json()).toMatchObject(refused)
  expect((await infer(head('\xe9'), Buffer.from('good'))).json()).toMatchObject(refused)
})

it('reads a body with a byte order mark, and no other charset than UTF-8', async () => {
  await using test = await openApp()
  expect((await test.post('/v1/score', Buffer.from('\ufeff{"text":"good"}'))).statusCode).toBe(200)
  for (const charset of ['utf-8', 'UTF8', '"utf-8"', 'us-ascii']) {
    const response = await test.post(
      '/v1/score',
      Buffer.from('{"text":"good"}'),
      `application/json; charset=${charset}`,
    )
    expect(response.statusCode).toBe(200)
  }
  for (const charset of ['iso-8859-1', 'utf-16', 'windows-1252']) {
    const response = await test.post('/v1/score', Buffer.from('{"text":"good"}'), `application/json;charset=${charset}`)
    expect(response.json()).toMatchObject({ status: 415, detail: `no body is read in charset ${charset}` })
  }
})

it('reads a URL as percent-encoded UTF-8 only', async () => {
  await using test = await openApp()
  const good = await test.app.inject(`/v1/score?text=${encodeURIComponent('good 100% café')}`)
  expect(good.statusCode).toBe(200)
  expect(test.scorer.asked[0]?.texts).toEqual(['good 100% café'])
  for (const text of ['caf%E9', '%ED%A0%80', '100%', '%u00e9']) {
    expect((await test.app.inject(`/v1/score?text=${text}`)).json()).toMatchObject(refused)
  }
})

it('refuses bytes beyond ASCII in a URL', async () => {
  await using test = await openApp()
  await test.app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((test.app.server.address() as AddressInfo).port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.write('GET /v1/score?text=café HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  await once(socket, 'close')
  expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 400 .*VAL_(RECORD_NOT_UTF8|HTTP_MALFORMED)/s)
  expect(test.scorer.asked).toEqual([])
})
