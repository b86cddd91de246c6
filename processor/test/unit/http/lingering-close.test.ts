import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { addLingeringClose, type LingerLimits } from '../../../src/http/lingering-close.ts'

let server: Server
let requests = 0

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** Refuses every request without a look at its body. */
async function refuseAll(limits: LingerLimits = { maxBytes: 2 ** 30, maxMs: 10_000 }): Promise<number> {
  requests = 0
  server = createServer((_request, response) => {
    requests++
    response.writeHead(413, { connection: 'close' }).end('too large')
  })
  addLingeringClose(server, limits)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}

interface Caller {
  readonly socket: Socket
  /** All that came before the connection was closed, and how it was. */
  readonly ended: Promise<{ text: string; error: string | undefined }>
}

/** Unlike `once`, not upset by a reset. */
function happened(socket: Socket, event: 'close' | 'drain'): Promise<void> {
  return new Promise((resolve) => socket.once(event, () => resolve()))
}

/** Sends the head of a request. */
function call(port: number, length: number): Caller {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.write(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n`)
  let error: string | undefined
  socket.on('error', ({ code }: NodeJS.ErrnoException) => {
    error = code
  })
  const chunks: string[] = []
  const ended = happened(socket, 'close').then(() => ({ text: chunks.join(''), error }))
  socket.on('readable', () => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) chunks.push(String(chunk))
  })
  return { socket, ended }
}

async function send(socket: Socket, bytes: number, what = 'x'): Promise<void> {
  const piece = Buffer.from(what.repeat(65_536 / what.length))
  for (let sent = 0; sent < bytes && !socket.destroyed; sent += piece.length) {
    if (!socket.write(piece)) await Promise.race([happened(socket, 'drain'), happened(socket, 'close')])
  }
}

test('who is refused in the middle of a body gets the answer', async () => {
  const { socket, ended } = call(await refuseAll(), 32 * 2 ** 20)
  await send(socket, 32 * 2 ** 20)
  socket.end()
  const { text, error } = await ended
  expect(text).toMatch(/^HTTP\/1.1 413 .*too large\r\n0\r\n\r\n$/s)
  expect(error).toBeUndefined()
})

test('what comes after the body is not taken for a request', async () => {
  const { socket, ended } = call(await refuseAll(), 4)
  await once(socket, 'readable')
  socket.end('bodyGET / HTTP/1.1\r\nhost: a\r\n\r\n')
  expect((await ended).text.match(/HTTP\/1.1/g)).toHaveLength(1)
  expect(requests).toBe(1)
})

test('who sends requests behind the last one that is answered gets that answer', async () => {
  const { socket, ended } = call(await refuseAll(), 0)
  await send(socket, 2 ** 20, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  socket.end()
  const { text, error } = await ended
  expect(text).toMatch(/^HTTP\/1.1 413 .*too large\r\n0\r\n\r\n$/s)
  expect(error).toBeUndefined()
})

test('who goes on for ever is cut off after so many bytes', async () => {
  const { socket, ended } = call(await refuseAll({ maxBytes: 2 ** 20, maxMs: 60_000 }), 2 ** 40)
  await send(socket, Number.POSITIVE_INFINITY)
  expect(['ECONNRESET', 'EPIPE']).toContain((await ended).error)
})

test('who neither sends nor ends is cut off after so long', async () => {
  const { socket } = call(await refuseAll({ maxBytes: 2 ** 30, maxMs: 50 }), 100)
  const [[closed]] = await Promise.all([once(server, 'connection'), once(socket, 'end')])
  await once(closed as Socket, 'close')
  socket.destroy()
})
