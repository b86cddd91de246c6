import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFreshConnections, type ReopenedClass } from '../../../../src/kafka/overlay/fresh-connections.ts'
import { silentLogger, stockModule } from '../../../support/stock-kafkajs.ts'

interface Connection {
  socket?: Socket
  connect(): Promise<void>
  disconnect(): Promise<void>
  isConnected(): boolean
  send(request: object): Promise<unknown>
  sendAuthRequest(request: object): Promise<unknown>
}

type Class = new (options: object) => Connection

const Stock = stockModule<Class>('network/connection.js')
const Encoder = stockModule<new () => object>('protocol/encoder.js')
class Patched extends Stock {}
openFreshConnections(Patched as unknown as ReopenedClass, stockModule('errors.js'))

const request = {
  request: { apiKey: 18, apiVersion: 0, apiName: 'ApiVersions', encode: async () => new Encoder() },
  response: { decode: async (payload: Buffer) => payload.toString(), parse: async (text: string) => text },
}
const logger = { ...silentLogger, namespace: () => silentLogger }
let server: Server
let accepted: Socket[] = []
/** What the broker makes of a request. */
let answer: (socket: Socket, correlationId: number) => void

function frame(correlationId: number, text: string): Buffer {
  const head = Buffer.alloc(8)
  head.writeInt32BE(4 + text.length)
  head.writeInt32BE(correlationId, 4)
  return Buffer.concat([head, Buffer.from(text)])
}

function create(connectionClass: Class): Connection {
  return new connectionClass({
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    logger,
    socketFactory: stockModule<() => object>('network/socketFactory.js')(),
    requestTimeout: 200,
    connectionTimeout: 1_000,
  })
}

beforeEach(async () => {
  accepted = []
  server = createServer((socket) => {
    accepted.push(socket)
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => answer(socket, bytes.readInt32BE(8)))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterEach(async () => {
  for (const socket of accepted) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})

describe('openFreshConnections', () => {
  it('S: leaves nothing on a dead socket however often it is given up; stock kafkajs a listener each time', async () => {
    for (const [connectionClass, listeners] of [
      [Stock, 20],
      [Patched, 0],
    ] as const) {
      const connection = create(connectionClass)
      await connection.connect()
      const { socket } = connection
      socket?.destroy()
      for (let time = 0; time < 20; time++) await connection.disconnect()
      // In turn and at once.
      expect(socket?.listenerCount('connect')).toBe(listeners)
      await Promise.all(Array.from({ length: 20 }, () => connection.disconnect()))
      expect(socket?.listenerCount('connect')).toBe(2 * listeners)
      await connection.connect()
      expect(connection.isConnected()).toBe(true)
      await connection.disconnect()
    }
  })

  it('S: reads answers after one that broke off in the middle; stock kafkajs reads none any more', async () => {
    for (const [connectionClass, outcome] of [
      [Stock, { status: 'rejected' }],
      [Patched, { status: 'fulfilled', value: 'well' }],
    ] as const) {
      const connection = create(connectionClass)
      await connection.connect()
      answer = (socket, id) => socket.end(frame(id, 'x'.repeat(1_000)).subarray(0, 500))
      await expect(connection.send(request)).rejects.toMatchObject({ name: 'KafkaJSConnectionClosedError' })
      answer = (socket, id) => socket.write(frame(id, 'well'))
      await connection.connect()
      const [found] = await Promise.allSettled([connection.send(request)])
      expect(found).toMatchObject(outcome)
      await connection.disconnect()
    }
  })

  it('opens one socket for all who ask at a time', async () => {
    answer = (socket, id) => socket.write(frame(id, 'well'))
    const connection = create(Patched)
    await Promise.all([connection.connect(), connection.connect(), connection.connect()])
    expect(await connection.send(request)).toBe('well')
    expect(accepted).toHaveLength(1)
    await connection.disconnect()
  })

  it('tries again after an attempt that failed', async () => {
    answer = (socket, id) => socket.write(frame(id, 'well'))
    const { port } = server.address() as AddressInfo
    const connection = create(Patched)
    await new Promise((resolve) => server.close(resolve))
    await expect(connection.connect()).rejects.toMatchObject({ name: 'KafkaJSConnectionError' })
    await once(server.listen(port, '127.0.0.1'), 'listening')
    await connection.connect()
    expect(await connection.send(request)).toBe('well')
    await connection.disconnect()
  })

  it('S: fails a request that is sent while the connection is given up; stock kafkajs waits without end', async () => {
    answer = () => undefined
    async function outcome(connectionClass: Class, turns: number): Promise<string> {
      const connection = create(connectionClass)
      await connection.connect()
      const attempt = connection.send(request).then(
        () => 'succeeds',
        () => 'fails',
      )
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      void connection.disconnect()
      // Far beyond the timeout of a request.
      return Promise.race([attempt, delay(1_000, 'waits')])
    }
    // The request is written some turns after the call, and the connection closes some turns after that one.
    const outcomes = async (connectionClass: Class) =>
      new Set(await Promise.all(Array.from({ length: 20 }, (_, turns) => outcome(connectionClass, turns))))
    expect(await outcomes(Stock)).toEqual(new Set(['waits', 'fails']))
    expect(await outcomes(Patched)).toEqual(new Set(['fails']))
  })

  it('gives up logging in where the broker says nothing; stock kafkajs waits without end', async () => {
    answer = () => undefined
    const login = { request: { encode: async () => frame(0, 'who am I') }, response: request.response }
    for (const [connectionClass, outcome] of [
      [Stock, 'waits'],
      [Patched, 'KafkaJSConnectionError'],
    ] as const) {
      const connection = create(connectionClass)
      await connection.connect()
      const attempt = connection.sendAuthRequest(login).then(
        () => 'succeeds',
        (error: Error) => error.name,
      )
      expect(await Promise.race([attempt, delay(1_000, 'waits')])).toBe(outcome)
      expect(connection.isConnected()).toBe(outcome === 'waits')
    }
  })
})
