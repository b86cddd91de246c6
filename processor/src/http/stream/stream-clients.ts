import type { ServerResponse } from 'node:http'
import type { Metrics } from '../../observability/metrics.ts'
import { type FeedEvent, type FeedListener, type ScoreFeed, sseFrame } from './score-feed.ts'
import type { StreamPosition } from './stream-position.ts'

export interface StreamFilter {
  readonly source?: string | undefined
  readonly id?: string | undefined
}

export interface StreamClientsOptions {
  readonly feed: ScoreFeed
  readonly metrics: Metrics
  readonly maxStreams: number
  /** Unread bytes after which a client is dropped. All clients share the bytes of an event. */
  readonly maxPendingBytes?: number
  /** Time without progress after which a client that catches up is dropped. */
  readonly maxStallMs?: number
  readonly heartbeatMs?: number
  /** Status event sent at each heartbeat; undefined sends none. */
  readonly status?: () => object | undefined
}

const heartbeat = Buffer.from(': heartbeat\n\n')
/** Time to deliver the reason to a dropped client. */
const farewellMs = 1_000

/** The clients of the score stream: each gets the events of its filter, and memory is bounded for each. */
export class StreamClients {
  readonly #options: StreamClientsOptions
  readonly #clients = new Map<ServerResponse, () => void>()
  readonly #timer: NodeJS.Timeout

  constructor(options: StreamClientsOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#beat(), options.heartbeatMs ?? 15_000).unref()
  }

  get count(): number {
    return this.#clients.size
  }

  get isFull(): boolean {
    return this.count >= this.#options.maxStreams
  }

  /** Sends events until the client leaves or is dropped. The head of the response is out already. */
  add(response: ServerResponse, filter: StreamFilter, position: StreamPosition | undefined): void {
    const { feed, metrics } = this.#options
    const forward = (event: FeedEvent) => {
      if (filter.source !== undefined && filter.source !== event.source) return
      if (filter.id !== undefined && filter.id !== event.id) return
      metrics.http.streamEvents.inc()
      this.#send(response, event.frame)
    }
    const gap = () => this.#send(response, sseFrame('gap', { reason: 'events may have been missed' }))
    const listener = { event: forward, gap }
    this.#clients.set(response, () => undefined)
    metrics.http.streams.set(this.#clients.size)
    response.once('close', () => this.#remove(response))
    this.#send(response, Buffer.from('retry: 2000\n\n'))
    const follow = () => {
      if (this.#clients.has(response)) this.#clients.set(response, feed.listen(listener))
    }
    if (position) void this.#catchUp(response, listener, position, follow)
    else follow()
  }

  /** Sends kept events from a position, at the client's speed, until it has caught up. */
  async #catchUp(
    response: ServerResponse,
    listener: FeedListener,
    position: StreamPosition,
    follow: () => void,
  ): Promise<void> {
    let replay = this.#options.feed.since(position)
    for (;;) {
      if (replay.isIncomplete) listener.gap()
      // Synchronously: an event published in between would be missed.
      if (replay.events.length === 0) return follow()
      const at = new Map(replay.from)
      for (const event of replay.events) {
        listener.event(event)
        at.set(event.partition, event.offset)
        if (response.writableNeedDrain) await this.#drained(response)
        if (!this.#clients.has(response)) return
      }
      replay = this.#options.feed.since(at)
    }
  }

  /** Resolves when the socket has drained or closed. */
  #drained(response: ServerResponse): Promise<void> {
    return new Promise((resolve) => {
      const deadline = setTimeout(() => this.#drop(response, 'slow'), this.#options.maxStallMs ?? 30_000)
      const end = () => {
        clearTimeout(deadline)
        response.off('drain', end).off('close', end)
        resolve()
      }
      response.on('drain', end).on('close', end)
    })
  }

  /** Ends all streams, so that the server can stop. */
  close(): void {
    clearInterval(this.#timer)
    for (const response of [...this.#clients.keys()]) this.#drop(response, 'shutdown')
  }

  #send(response: ServerResponse, frame: Buffer): void {
    if (!this.#clients.has(response)) return
    response.write(frame)
    if (response.writableLength > (this.#options.maxPendingBytes ?? 1_048_576)) this.#drop(response, 'slow')
  }

  #beat(): void {
    const status = this.#options.status?.()
    const frame = status ? sseFrame('status', status) : heartbeat
    for (const response of [...this.#clients.keys()]) this.#send(response, frame)
  }

  #drop(response: ServerResponse, reason: 'slow' | 'shutdown'): void {
    this.#options.metrics.http.streamsDropped.inc({ reason })
    this.#remove(response)
    response.end(sseFrame('dropped', { reason }))
    setTimeout(() => response.destroy(), farewellMs).unref()
  }

  #remove(response: ServerResponse): void {
    this.#clients.get(response)?.()
    this.#clients.delete(response)
    this.#options.metrics.http.streams.set(this.#clients.size)
  }
}
