import { type AddressInfo, connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { ScoredEvent } from '@valence/schemas'
import { openTestApp } from '@valence/testing/processes/http-app'
import { afterEach, expect, it } from 'vitest'
import { ScoreFeed } from '../../../src/http/stream/score-feed.ts'
import { StreamClients, type StreamClientsOptions } from '../../../src/http/stream/stream-clients.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A feed that has many more bytes than a socket takes in at once, and the port at which it is streamed. */
async function open(kept: number, options: Partial<StreamClientsOptions> = {}) {
  const feed = new ScoreFeed()
  const metrics = createMetrics()
  const clients = new StreamClients({ feed, metrics, maxStreams: 10, ...options })
  const test = await openTestApp({
    stream: { clients, isConnected: () => true },
  })
  closers.push(() => test[Symbol.asyncDispose]())
  await test.app.listen({ port: 0, host: '127.0.0.1' })
  const publish = (number: number) => {
    const attributes = { padding: 'x'.repeat(2_000) }
    feed.publish({ id: `${number}`, source: null, attributes } as unknown as ScoredEvent, 0, BigInt(number))
  }
  for (let number = 0; number < kept; number++) publish(number)
  const { port } = test.app.server.address() as AddressInfo
  const dropped = async () =>
    (await metrics.http.streamsDropped.get()).values.find(({ labels }) => labels.reason === 'slow')
  return { publish, port, dropped: async () => (await dropped())?.value }
}

function resume(port: number, lastId: string): Socket {
  const socket = connect(port, '127.0.0.1')
  closers.unshift(() => socket.destroy())
  socket.write(`GET /v1/scores/stream HTTP/1.1\r\nhost: a\r\nlast-event-id: ${lastId}\r\n\r\n`)
  return socket
}

/** What a client is sent, as it comes. */
function collect(socket: Socket): { readonly ids: number[]; readonly gaps: () => number } {
  const ids: number[] = []
  let gaps = 0
  createInterface(socket).on('line', (line) => {
    if (line.startsWith('id: 0.')) ids.push(Number(line.slice('id: 0.'.length)))
    if (line === 'event: gap') gaps++
  })
  return { ids, gaps: () => gaps }
}

const upTo = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index)

it('who comes back gets all that was missed, however much, and what is published meanwhile', async () => {
  const { publish, port, dropped } = await open(9_000)
  const { ids, gaps } = collect(resume(port, '0.9'))
  await expect.poll(() => ids.length).toBeGreaterThan(0)
  for (let number = 9_000; number < 9_100; number++) publish(number)
  await expect.poll(() => ids.length, { timeout: 10_000 }).toBe(9_090)
  publish(9_100)
  await expect.poll(() => ids.at(-1)).toBe(9_100)
  expect(ids).toEqual(upTo(10, 9_091))
  expect(gaps()).toBe(0)
  expect(await dropped()).toBe(0)
}, 20_000)

it('who comes back and takes nothing in is dropped', async () => {
  const { port, dropped } = await open(9_000, { maxStallMs: 100 })
  resume(port, '0.9')
  await expect.poll(dropped).toBe(1)
})

it('who comes back too late is told of the gap once, and gets what is left', async () => {
  const { port } = await open(12_000)
  const { ids, gaps } = collect(resume(port, '0.9'))
  await expect.poll(() => ids.at(-1), { timeout: 10_000 }).toBe(11_999)
  expect(ids).toEqual(upTo(ids[0] ?? 0, ids.length))
  expect(ids.length).toBeGreaterThanOrEqual(10_000)
  expect(gaps()).toBe(1)
}, 20_000)
