import { type AddressInfo, connect, type Socket } from 'node:net'
import type { ScoredEvent } from '@valence/schemas'
import { openTestApp } from '@valence/testing/processes/http-app'
import { expect, it } from 'vitest'
import { ScoreFeed } from '../../../src/http/stream/score-feed.ts'
import { StreamClients } from '../../../src/http/stream/stream-clients.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'

const clientCount = 1_000
const eventCount = 300

it('serves a thousand clients in bounded memory', { timeout: 300_000 }, async () => {
  const feed = new ScoreFeed()
  const metrics = createMetrics()
  const clients = new StreamClients({ feed, metrics, maxStreams: clientCount })
  await using test = await openTestApp({
    stream: { clients, isConnected: () => true },
  })
  await test.app.listen({ port: 0, host: '127.0.0.1', backlog: clientCount })
  const { port } = test.app.server.address() as AddressInfo
  let received = 0
  const sockets: Socket[] = Array.from({ length: clientCount }, () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      for (let at = chunk.indexOf('event: score'); at !== -1; at = chunk.indexOf('event: score', at + 1)) received++
    })
    socket.write('GET /v1/scores/stream HTTP/1.1\r\nhost: a\r\n\r\n')
    return socket
  })
  const streams = async () => (await metrics.http.streams.get()).values[0]?.value
  await expect.poll(streams, { timeout: 120_000 }).toBe(clientCount)
  const before = process.memoryUsage().rss
  let peak = before
  for (let i = 0; i < eventCount; i++) {
    const attributes = { padding: 'x'.repeat(500) }
    feed.publish({ id: `${i}`, source: null, label: 'neutral', attributes } as unknown as ScoredEvent, 0, BigInt(i))
    await new Promise((resolve) => setImmediate(resolve))
    peak = Math.max(peak, process.memoryUsage().rss)
  }
  // Packets may cut a frame in two; nearly all of them are counted.
  await expect.poll(() => received, { timeout: 120_000 }).toBeGreaterThan(0.97 * clientCount * eventCount)
  expect(await streams()).toBe(clientCount)
  expect((peak - before) / 2 ** 20).toBeLessThan(400)
  for (const socket of sockets) socket.destroy()
  await expect.poll(streams, { timeout: 60_000 }).toBe(0)
})
