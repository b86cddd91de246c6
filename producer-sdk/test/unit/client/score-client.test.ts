import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createScoreClient, type ScoreClientOptions, ScoreError } from '../../../src/client/index.ts'

interface Seen {
  readonly url: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

type Answer = (response: ServerResponse, attempt: number) => void

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const ok =
  (body: unknown): Answer =>
  (response) =>
    void response.end(JSON.stringify(body))

function problem(status: number, code: string, headers: Record<string, string> = {}): Answer {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/problem+json', ...headers })
    response.end(JSON.stringify({ status, code, title: 'Title', detail: 'detail', help: '', type: '', requestId: 'r' }))
  }
}

/** A server that answers each call by the next answer, the last one again and again. */
async function serve(...answers: Answer[]) {
  const seen: Seen[] = []
  const sockets = new Set<unknown>()
  const server = createServer(async (request, response) => {
    sockets.add(request.socket)
    let text = ''
    for await (const chunk of request) text += chunk
    seen.push({ url: request.url, headers: request.headers, body: JSON.parse(text) })
    answers[Math.min(seen.length, answers.length) - 1]?.(response, seen.length)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = (options: Partial<ScoreClientOptions> = {}) =>
    createScoreClient({ baseUrl: `${baseUrl}/`, initialDelayMs: 5, maxDelayMs: 20, ...options })
  return { client, seen, sockets, baseUrl }
}

describe('calls', () => {
  it('score a text, bare or with its fields', async () => {
    const { client, seen } = await serve(ok({ label: 'positive' }))
    expect(await client().score('good')).toEqual({ label: 'positive' })
    await client().score({ text: 'good', id: '7' })
    expect(seen.map(({ url, body }) => [url, body])).toEqual([
      ['/v1/score', { text: 'good' }],
      ['/v1/score', { text: 'good', id: '7' }],
    ])
  })

  it('score many, with the verdicts in order', async () => {
    const results = [{ verdict: 'scored' }, { verdict: 'rejected' }]
    const { client, seen } = await serve(ok({ results }))
    expect(await client().scoreAll(['a', { text: 'b' }])).toEqual(results)
    expect(seen[0]).toMatchObject({ url: '/v1/score/batch', body: { texts: ['a', { text: 'b' }] } })
  })

  it('keep their connection', async () => {
    const { client, sockets } = await serve(ok({}))
    const one = client()
    for (let i = 0; i < 10; i++) await one.score('a')
    expect(sockets.size).toBeLessThan(3)
  })

  it('carry credentials, fresh ones each time, and the deadline', async () => {
    const { client, seen } = await serve(ok({}))
    let issued = 0
    const withToken = client({ token: async () => `t${++issued}`, timeoutMs: 1_000 })
    await withToken.score('a')
    await withToken.score('a')
    await client({ apiKey: 'k' }).score('a')
    expect(seen.map(({ headers }) => headers.authorization ?? headers['x-api-key'])).toEqual([
      'Bearer t1',
      'Bearer t2',
      'k',
    ])
    expect(Number(seen[0]?.headers['timeout-ms'])).toBeGreaterThan(900)
    expect(Number(seen[0]?.headers['timeout-ms'])).toBeLessThanOrEqual(1_000)
  })
})

describe('failures', () => {
  it('become errors with the code and the problem of the server', async () => {
    const { client, seen } = await serve(problem(422, 'VAL_TEXT_EMPTY'))
    const error = await client()
      .score(' ')
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ScoreError)
    expect(error).toMatchObject({
      code: 'VAL_TEXT_EMPTY',
      status: 422,
      message: 'Title: detail',
      problem: { requestId: 'r' },
    })
    expect(seen).toHaveLength(1)
  })

  it.each([401, 403, 404, 413, 422, 500, 504])('of status %i are not tried again', async (status) => {
    const { client, seen } = await serve(problem(status, 'VAL_HTTP_INTERNAL'))
    await expect(client().score('a')).rejects.toMatchObject({ status })
    expect(seen).toHaveLength(1)
  })

  it.each([429, 503])('of status %i are, until it works', async (status) => {
    const { client, seen } = await serve(
      problem(status, 'VAL_HTTP_OVERLOADED'),
      problem(status, 'VAL_HTTP_OVERLOADED'),
      ok({ id: 'x' }),
    )
    expect(await client().score('a')).toEqual({ id: 'x' })
    expect(seen).toHaveLength(3)
  })

  it('are given up after so many tries, with the last error', async () => {
    const { client, seen } = await serve(problem(503, 'VAL_HTTP_OVERLOADED'))
    await expect(client({ retries: 2 }).score('a')).rejects.toMatchObject({ code: 'VAL_HTTP_OVERLOADED', status: 503 })
    expect(seen).toHaveLength(3)
  })

  it('wait as long as the server asks, and no longer than the call may take', async () => {
    const { client } = await serve(problem(503, 'VAL_HTTP_OVERLOADED', { 'retry-after': '1' }), ok({ id: 'x' }))
    const start = performance.now()
    expect(await client().score('a')).toEqual({ id: 'x' })
    expect(performance.now() - start).toBeGreaterThanOrEqual(990)
    const { client: busy, seen } = await serve(problem(429, 'VAL_HTTP_RATE_LIMITED', { 'retry-after': '60' }))
    await expect(busy({ timeoutMs: 100 }).score('a')).rejects.toMatchObject({ status: 429, retryAfterMs: 60_000 })
    expect(seen).toHaveLength(1)
  })

  it('of the network are told, after trying again', async () => {
    let calls = 0
    const options = {
      initialDelayMs: 1,
      maxDelayMs: 2,
      fetch: () => Promise.reject(new TypeError(`refused ${++calls}`)),
    }
    const client = createScoreClient({ baseUrl: 'http://127.0.0.1:1', ...options })
    await expect(client.score('a')).rejects.toMatchObject({ code: 'VAL_CLIENT_UNREACHABLE', status: 0 })
    expect(calls).toBe(4)
  })

  it('to answer in time are a timeout; a caller who leaves gets the own reason', async () => {
    const { client } = await serve(() => undefined)
    await expect(client({ timeoutMs: 50 }).score('a')).rejects.toMatchObject({ code: 'VAL_CLIENT_TIMED_OUT' })
    const caller = new AbortController()
    const call = client().score('a', { signal: caller.signal })
    caller.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
  })

  it('to speak JSON are no answer of the facade', async () => {
    const page: Answer = (response) => void response.end('<html>')
    const { client } = await serve(page)
    await expect(client().score('a')).rejects.toMatchObject({ code: 'VAL_CLIENT_ANSWER_INVALID' })
    const { client: behindProxy } = await serve((response) => void response.writeHead(502).end('<html>'))
    await expect(behindProxy().score('a')).rejects.toMatchObject({ code: 'VAL_CLIENT_ANSWER_INVALID', status: 502 })
  })
})

describe('producing', () => {
  it('repeats a call under the same idempotency key, made up or given', async () => {
    const accepted = { id: 'a', topic: 't', partition: 0, offset: '1' }
    const { client, seen } = await serve(problem(503, 'VAL_INTAKE_UNAVAILABLE'), ok(accepted))
    expect(await client().produce('a')).toEqual(accepted)
    await client().produce('a', { idempotencyKey: 'mine' })
    const keys = seen.map(({ headers }) => headers['idempotency-key'])
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
    expect(keys[1]).toBe(keys[0])
    expect(keys[2]).toBe('mine')
  })
})
