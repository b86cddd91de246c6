import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ConnectionClass, replaceSilentConnections } from '../../../../src/kafka/overlay/silent-connections.ts'
import { errors, silentLogger, stockModule } from '../../../support/stock-kafkajs.ts'

interface Connection {
  connect(): Promise<void>
  disconnect(): Promise<void>
  isConnected(): boolean
  send(request: object): Promise<unknown>
}

type Class = new (options: object) => Connection

const Stock = stockModule<Class>('network/connection.js')
const Encoder = stockModule<new () => object>('protocol/encoder.js')
class Patched extends Stock {}
replaceSilentConnections(Patched as unknown as ConnectionClass, errors)

const request = {
  request: { apiKey: 18, apiVersion: 0, apiName: 'ApiVersions', encode: async () => new Encoder() },
  response: { decode: async () => ({}), parse: async () => ({}) },
}
const logger = { ...silentLogger, namespace: () => silentLogger }
let server: Server
let accepted: Socket[] = []

/** To a broker that takes everything and says nothing. */
async function connectTo(connectionClass: Class): Promise<Connection> {
  const { port } = server.address() as AddressInfo
  const connection = new connectionClass({
    host: '127.0.0.1',
    port,
    logger,
    socketFactory: stockModule<() => object>('network/socketFactory.js')(),
    requestTimeout: 50,
    connectionTimeout: 1_000,
  })
  await connection.connect()
  return connection
}

describe('replaceSilentConnections', () => {
  beforeEach(async () => {
    accepted = []
    server = createServer((socket) => {
      accepted.push(socket)
      socket.resume().on('error', () => undefined)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
  })
  afterEach(async () => {
    for (const socket of accepted) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  it('K: gives up a connection that did not answer in time; stock kafkajs goes on using it', async () => {
    for (const [connectionClass, goesOn] of [
      [Stock, true],
      [Patched, false],
    ] as const) {
      const connection = await connectTo(connectionClass)
      await expect(connection.send(request)).rejects.toMatchObject({ name: 'KafkaJSRequestTimeoutError' })
      expect(connection.isConnected()).toBe(goesOn)
      await connection.disconnect()
    }
  })

  it('ends what else waits on it, so that it is tried again elsewhere', async () => {
    const connection = await connectTo(Patched)
    const patient = { ...request, requestTimeout: 60_000 }
    const outcomes = await Promise.allSettled([connection.send(request), connection.send(patient)])
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.name)).toEqual([
      'KafkaJSRequestTimeoutError',
      'KafkaJSConnectionClosedError',
    ])
  })

  it('opens a new connection when it is asked to', async () => {
    const connection = await connectTo(Patched)
    await expect(connection.send(request)).rejects.toThrow()
    await connection.connect()
    expect(connection.isConnected()).toBe(true)
    expect(accepted).toHaveLength(2)
    await connection.disconnect()
  })
})
