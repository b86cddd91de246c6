import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { ScoredEvent } from '@valence/schemas'
import { EventReader } from '@valence/testing/kafka/event-reader'
import { openTestApp } from '@valence/testing/processes/http-app'
import { describe, expect, it } from 'vitest'
import { type FeedEvent, ScoreFeed } from '../../../src/http/stream/score-feed.ts'
import { StreamClients } from '../../../src/http/stream/stream-clients.ts'
import { formatPosition, parsePosition } from '../../../src/http/stream/stream-position.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'

const event = (id: string, source: string | null = null) => ({ id, source, label: 'positive' }) as ScoredEvent

function listen(feed: ScoreFeed) {
  const seen: string[] = []
  const stop = feed.listen({ event: ({ id }: FeedEvent) => seen.push(id), gap: () => seen.push('gap') })
  return { seen, stop }
}

describe('the position of a stream', () => {
  it('goes out and comes back', () => {
    const position = new Map([
      [0, 5n],
      [11, 123_456_789_012n],
    ])
    expect(formatPosition(position)).toBe('0.5-11.123456789012')
    expect(parsePosition('0.5-11.123456789012')).toEqual(position)
  })

  it.each(['', 'abc', '1', '1.', '-1.2', '1.2-', '1.2--3.4', '1.99999999999999999999'])('is not %j', (text) => {
    expect(parsePosition(text)).toBeUndefined()
  })
})

describe('the feed', () => {
  it('gives events to who listens, for as long as they do', () => {
    const feed = new ScoreFeed()
    feed.publish(event('before'), 0, 1n)
    const { seen, stop } = listen(feed)
    feed.publish(event('during'), 0, 2n)
    stop()
    feed.publish(event('after'), 0, 3n)
    expect(seen).toEqual(['during'])
  })

  it('passes over what it had already', () => {
    const feed = new ScoreFeed()
    const { seen } = listen(feed)
    for (const offset of [1n, 2n, 1n, 2n, 3n]) feed.publish(event(`${offset}`), 0, offset)
    expect(seen).toEqual(['1', '2', '3'])
  })

  it('replays what came after a position, in all partitions', () => {
    const feed = new ScoreFeed()
    feed.publish(event('a'), 0, 10n)
    feed.publish(event('b'), 1, 20n)
    feed.publish(event('c'), 0, 12n)
    const since = (text: string) => {
      const { events, isIncomplete } = feed.since(parsePosition(text) ?? new Map())
      return [events.map(({ id }) => id), isIncomplete]
    }
    expect(since('0.10-1.20')).toEqual([['c'], false])
    expect(since('0.12-1.20')).toEqual([[], false])
    expect(since('0.10-1.19')).toEqual([['b', 'c'], false])
    expect(since('0.10')).toEqual([['b', 'c'], true])
    expect(since('0.3-1.20')).toEqual([['a', 'c'], true])
  })

  it('keeps a bounded number and says so when something is gone', () => {
    const feed = new ScoreFeed(100)
    for (let i = 1; i <= 250; i++) feed.publish(event(`${i}`), 0, BigInt(i))
    const all = feed.since(new Map([[0, 1n]]))
    expect(all.isIncomplete).toBe(true)
    expect(all.events.length).toBeGreaterThanOrEqual(100)
    expect(all.events.length).toBeLessThanOrEqual(110)
    expect(all.events.at(-1)?.id).toBe('250')
    expect(feed.since(new Map([[0, 240n]]))).toMatchObject({ isIncomplete: false })
  })

  it('tells everybody of an interruption, and who comes back as well', () => {
    const feed = new ScoreFeed()
    const { seen } = listen(feed)
    feed.publish(event('a'), 0, 1n)
    feed.interrupt()
    feed.publish(event('b'), 0, 9n)
    expect(seen).toEqual(['a', 'gap', 'b'])
    expect(feed.since(new Map([[0, 1n]]))).toMatchObject({ isIncomplete: true, events: [{ id: 'b' }] })
  })
})

async function openStream(options: { maxStreams?: number; maxPendingBytes?: number; heartbeatMs?: number } = {}) {
  const feed = new ScoreFeed()
  const metrics = createMetrics()
  const clients = new StreamClients({ feed, metrics, maxStreams: 10, ...options })
  const state = { connected: true }
  const test = await openTestApp({
    stream: { clients, isConnected: () => state.connected },
  })
  await test.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = test.app.server.address() as AddressInfo
  const count = async (name: 'streams' | 'streamsDropped') => (await metrics.http[name].get()).values[0]?.value ?? 0
  return { feed, clients, state, count, port, url: `http://127.0.0.1:${port}/v1/scores/stream`, ...test }
}

describe('GET /v1/scores/stream', () => {
  it('filters by source and by id', async () => {
    await using stream = await openStream()
    await using web = EventReader.open(`${stream.url}?source=web`)
    await using one = EventReader.open(`${stream.url}?id=b`)
    await expect.poll(() => stream.count('streams')).toBe(2)
    for (const [id, source] of [
      ['a', 'web'],
      ['b', 'app'],
      ['c', 'web'],
    ] as const) {
      stream.feed.publish(event(id, source), 0, BigInt(id.charCodeAt(0)))
    }
    await expect.poll(() => web.of('score')).toMatchObject([{ id: 'a' }, { id: 'c' }])
    await expect.poll(() => one.of('score')).toMatchObject([{ id: 'b' }])
    expect(web.lastId).toBe('0.99')
  })

  it('resumes by Last-Event-ID', async () => {
    await using stream = await openStream()
    stream.feed.publish(event('a'), 0, 1n)
    stream.feed.publish(event('b'), 0, 2n)
    await using back = EventReader.open(stream.url, { 'last-event-id': '0.1' })
    await using lost = EventReader.open(stream.url, { 'last-event-id': '0.0-7.4' })
    await expect.poll(() => back.of('score')).toMatchObject([{ id: 'b' }])
    expect(back.of('gap')).toEqual([])
    await expect.poll(() => lost.of('score')).toHaveLength(2)
  })

  it('beats while nothing happens', async () => {
    await using stream = await openStream({ heartbeatMs: 10 })
    const socket = connect(stream.port, '127.0.0.1')
    socket.write('GET /v1/scores/stream HTTP/1.1\r\nhost: a\r\n\r\n')
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    await expect.poll(() => text.match(/: heartbeat/g)?.length ?? 0).toBeGreaterThan(2)
    expect(text).toMatch(/content-type: text\/event-stream/)
    socket.destroy()
    await expect.poll(() => stream.count('streams')).toBe(0)
  })

  it('drops a client that does not read, with a reason, and keeps the others', async () => {
    const feed = new ScoreFeed()
    const metrics = createMetrics()
    const clients = new StreamClients({ feed, metrics, maxStreams: 10, maxPendingBytes: 200_000 })
    const responses: ServerResponse[] = []
    const server = createServer((_request, response) => {
      responses.push(response)
      response.writeHead(200)
      clients.add(response, {}, undefined)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const deaf = connect(port, '127.0.0.1')
    deaf.on('error', () => undefined)
    deaf.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    deaf.pause()
    await using listening = EventReader.open(`http://127.0.0.1:${port}/`)
    await expect.poll(() => responses.length).toBe(2)
    const large = 'x'.repeat(10_000)
    let offset = 0n
    await expect
      .poll(
        async () => {
          for (let i = 0; i < 10; i++) feed.publish(event(large), 0, ++offset)
          await new Promise((resolve) => setImmediate(resolve))
          return (await metrics.http.streamsDropped.get()).values.map(({ labels, value }) => [labels.reason, value])
        },
        { timeout: 4_000 },
      )
      .toContainEqual(['slow', 1])
    deaf.destroy()
    clients.close()
    await expect.poll(() => listening.of('dropped')).toEqual([{ reason: 'shutdown' }])
    server.close()
  })

  it('is refused beyond the limit and while nothing can come', async () => {
    await using stream = await openStream({ maxStreams: 1 })
    await using _one = EventReader.open(stream.url)
    await expect.poll(() => stream.count('streams')).toBe(1)
    expect((await stream.app.inject('/v1/scores/stream')).json().code).toBe('VAL_STREAM_FULL')
    stream.state.connected = false
    expect((await stream.app.inject('/v1/scores/stream')).json().code).toBe('VAL_STREAM_UNAVAILABLE')
  })
})
