import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { promisify } from 'node:util'
import type { Authenticator } from '@valence/processor/http/auth/authenticator'
import type { Principal } from '@valence/processor/http/auth/principal'
import type { HttpApp } from '@valence/processor/http/http-app'
import { BodyBudget } from '@valence/processor/http/limits/body-budget'
import { openTestApp, type TestAppOptions } from '@valence/testing/processes/http-app'
import { describe, expect, it } from 'vitest'

const overloaded = expect.objectContaining({ code: 'VAL_HTTP_OVERLOADED' })
const mebibyte = 1_048_576

describe('BodyBudget', () => {
  it('refuses large bodies beyond half of it, and small ones beyond all of it', () => {
    const budget = new BodyBudget(mebibyte)
    for (let body = 0; body < 32; body++) budget.take(mebibyte)
    expect(() => budget.take(mebibyte)).toThrow(overloaded)
    for (let body = 0; body < 512; body++) budget.take(mebibyte / 16)
    expect(() => budget.take(1)).toThrow(overloaded)
  })

  it('counts a body without a length as the largest', () => {
    const budget = new BodyBudget(mebibyte)
    for (let body = 0; body < 32; body++) budget.take(undefined)
    expect(() => budget.take(undefined)).toThrow(overloaded)
  })

  it('has room again for what was given back', () => {
    const budget = new BodyBudget(mebibyte)
    const releases = Array.from({ length: 32 }, () => budget.take(mebibyte))
    releases[0]?.()
    budget.take(mebibyte)
    expect(() => budget.take(mebibyte)).toThrow(overloaded)
  })

  it('takes two of the largest bodies, however large', () => {
    const budget = new BodyBudget(64 * mebibyte)
    budget.take(undefined)
    budget.take(undefined)
    expect(() => budget.take(undefined)).toThrow(overloaded)
  })
})

describe('the server', () => {
  it('reads 32 slow bodies of the largest size, refuses more, and answers small ones meanwhile', async () => {
    await using test = await openTestApp()
    await test.app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = test.app.server.address() as { port: number }
    const sockets: Socket[] = []
    using cleanup = new DisposableStack()
    cleanup.defer(() => sockets.forEach((socket) => void socket.destroy()))
    const answers: string[] = []
    for (let body = 0; body < 100; body++) {
      const socket = connect(port, '127.0.0.1')
      sockets.push(socket)
      socket.on('data', (data) => answers.push(data.toString()))
      socket.on('error', () => undefined)
      const head = 'POST /v1/score HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n'
      socket.write(`${head}content-length: ${mebibyte}\r\n\r\n{"text":"`)
    }
    const refused = () => answers.filter((answer) => answer.includes('VAL_HTTP_OVERLOADED')).length
    await expect.poll(refused, { timeout: 20_000 }).toBe(68)

    const post = async (text: string) => {
      const headers = { 'content-type': 'application/json' }
      const url = `http://127.0.0.1:${port}/v1/score`
      return (await fetch(url, { method: 'POST', headers, body: JSON.stringify({ text }) })).status
    }
    // One after the other: each gives its room back.
    for (let small = 0; small < 20; small++) expect(await post('good')).toBe(200)
    const large = 'good '.repeat(20_000)
    expect(await post(large)).toBe(503)
    for (const socket of sockets) socket.destroy()
    await expect.poll(() => post(large), { timeout: 20_000 }).not.toBe(503)
  })

  const head = 'POST /v1/score HTTP/1.1\r\nhost: a\r\n'

  /** 40 callers, of whom each sends no more than this; then one with a large body. */
  async function largeAfter(
    sent: string,
    left: (callers: Socket[], app: HttpApp) => Promise<void>,
    options: TestAppOptions = {},
  ) {
    await using test = await openTestApp(options)
    await test.app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = test.app.server.address() as { port: number }
    const callers = Array.from({ length: 40 }, () => {
      const socket = connect(port, '127.0.0.1', () => socket.write(sent))
      return socket.on('error', () => undefined)
    })
    await left(callers, test.app)
    const body = JSON.stringify({ text: 'good '.repeat(20_000) })
    const headers = { 'content-type': 'application/json' }
    return (await fetch(`http://127.0.0.1:${port}/v1/score`, { method: 'POST', headers, body })).status
  }

  it.each([
    ['type', `content-type: text/plain\r\ncontent-length: ${mebibyte}\r\n\r\nabc`],
    ['length', `content-type: application/json\r\ncontent-length: ${2 * mebibyte}\r\n\r\n`],
  ])('has its room again from bodies that are refused by their %s and never come', async (_what, rest) => {
    const status = await largeAfter(`${head}${rest}`, async (callers) => {
      await Promise.all(callers.map((caller) => once(caller, 'data')))
      for (const caller of callers) caller.destroy()
    })
    expect(status).not.toBe(503)
  })

  it('holds no room for a caller who left while it was authenticated', async () => {
    const known = Promise.withResolvers<Principal>()
    let asked = 0
    const authenticator: Authenticator = {
      scheme: 'jwt',
      authenticate: () => {
        asked += 1
        return known.promise
      },
      close: () => undefined,
    }
    const rest = `content-type: application/json\r\ncontent-length: ${mebibyte}\r\n\r\n{"text":"`
    const open = (app: HttpApp) => promisify(app.server.getConnections.bind(app.server))()
    const status = await largeAfter(
      `${head}${rest}`,
      async (callers, app) => {
        await expect.poll(() => asked).toBe(40)
        for (const caller of callers) caller.destroy()
        await expect.poll(() => open(app)).toBe(0)
        known.resolve({ subject: 'alice', scopes: new Set(['sentiment:score']) })
      },
      { authenticator },
    )
    expect(status).not.toBe(503)
  })
})
