import { connect } from 'node:net'
import { createScoreClient } from '@valence/producer-sdk/client'
import { runFacade } from '@valence/testing/processes/facade-run'
import { describe, expect, it } from 'vitest'

const fresh = (count: number, tag: string) => Array.from({ length: count }, (_, i) => `${tag}: a text of its own, ${i}`)

describe('the client of the SDK against the facade', () => {
  it('scores one and many, and gets the errors of the catalogue', async () => {
    await using run = await runFacade()
    const client = createScoreClient({ baseUrl: run.url })
    expect(await client.score('I love this little museum')).toMatchObject({ label: 'positive', origin: null })
    const verdicts = await client.scoreAll(['awful service', ' ', { id: '7', text: 'It is Monday' }])
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(['scored', 'rejected', 'scored'])
    expect(verdicts[2]?.event?.id).toBe('7')
    await expect(client.score(' ')).rejects.toMatchObject({ code: 'VAL_HTTP_REQUEST_INVALID', status: 422 })
    await expect(client.produce('no Kafka here', { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'VAL_INTAKE_UNAVAILABLE',
    })
  })

  it('comes through an overloaded server by trying again', async () => {
    await using run = await runFacade({ VALENCE_HTTP_MAX_IN_FLIGHT_TEXTS: '2' })
    const client = createScoreClient({
      baseUrl: run.url,
      retries: 30,
      initialDelayMs: 5,
      maxDelayMs: 50,
      timeoutMs: 30_000,
    })
    const impatient = createScoreClient({ baseUrl: run.url, retries: 0 })
    const refused = await Promise.allSettled(fresh(30, 'impatient').map((text) => impatient.score(text)))
    expect(refused.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0)
    for (const result of refused) {
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ code: 'VAL_HTTP_OVERLOADED', retryAfterMs: 1_000 })
    }
    const events = await Promise.all(fresh(4, 'patient').map((text) => client.score(text)))
    expect(events).toHaveLength(4)
  })
})

describe('who does not wait', () => {
  it('is dropped before inference when the deadline passed', async () => {
    await using run = await runFacade({ VALENCE_HTTP_MAX_IN_FLIGHT_TEXTS: '500', VALENCE_HTTP_TARGET_LATENCY_MS: '0' })
    const busy = run.post('/v1/score/batch', { texts: fresh(256, 'busy') })
    const late = await Promise.all(fresh(40, 'late').map((text) => run.score(text, { 'timeout-ms': '1' })))
    expect(late.filter(({ status }) => status === 504).length).toBeGreaterThan(0)
    for (const response of late) expect([200, 504]).toContain(response.status)
    expect((await busy).status).toBe(200)
    expect(await run.metric('valence_scoring_dropped_total', 'reason="deadline"')).toBeGreaterThan(0)
  })

  it('is dropped before inference when the connection is gone', async () => {
    await using run = await runFacade({ VALENCE_HTTP_MAX_IN_FLIGHT_TEXTS: '500', VALENCE_HTTP_TARGET_LATENCY_MS: '0' })
    const sockets = fresh(80, 'gone '.repeat(150)).map((text) => {
      const socket = connect(run.facade.port, '127.0.0.1')
      const body = JSON.stringify({ text })
      const head = `host: a\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}`
      socket.write(`POST /v1/score HTTP/1.1\r\n${head}\r\n\r\n${body}`)
      return socket
    })
    await expect.poll(() => run.metric('valence_http_in_flight_texts'), { interval: 5 }).toBeGreaterThan(40)
    for (const socket of sockets) socket.destroy()
    await expect
      .poll(() => run.metric('valence_scoring_dropped_total', 'reason="abandoned"'), { timeout: 10_000 })
      .toBeGreaterThan(0)
    await expect.poll(() => run.metric('valence_http_in_flight_texts')).toBe(0)
  })
})

describe('many connections that say nothing', () => {
  it('cost no score anything and are closed in time', async () => {
    await using run = await runFacade({ VALENCE_HTTP_REQUEST_TIMEOUT_MS: '2000' })
    const sockets = Array.from({ length: 1_000 }, () => connect(run.facade.port, '127.0.0.1'))
    let closed = 0
    for (const socket of sockets) {
      socket.on('error', () => undefined)
      socket.on('close', () => closed++)
      socket.resume()
    }
    await expect.poll(() => run.metric('valence_http_connections')).toBeGreaterThanOrEqual(1_000)
    for (const text of fresh(20, 'beside')) expect((await run.score(text)).status).toBe(200)
    await expect.poll(() => closed, { timeout: 15_000 }).toBe(1_000)
    expect(await run.metric('valence_http_client_errors_total', 'VAL_HTTP_REQUEST_TIMED_OUT')).toBe(1_000)
  })
})

describe('stopping', () => {
  it('finishes what it has begun and takes nothing new', async () => {
    const run = await runFacade()
    const inside = Promise.all(fresh(8, 'inside').map((text) => run.score(text)))
    await expect.poll(() => run.metric('valence_http_requests_total')).toBeGreaterThanOrEqual(0)
    await run.score('warm')
    await run[Symbol.asyncDispose]()
    for (const { status } of await inside) expect(status).toBe(200)
    await expect(run.score('too late')).rejects.toThrow()
  })

  it('is not held up by an open stream or an idle connection', async () => {
    const run = await runFacade()
    const idle = connect(run.facade.port, '127.0.0.1')
    idle.on('error', () => undefined)
    await new Promise<void>((resolve) => idle.once('connect', () => resolve()))
    const start = performance.now()
    await run[Symbol.asyncDispose]()
    expect(performance.now() - start).toBeLessThan(15_000)
    idle.destroy()
  })
})
