import type { ScoredEvent } from '@valence/schemas'
import { formatPosition, type StreamPosition } from './stream-position.ts'

/** An event, encoded once for all clients. */
export interface FeedEvent {
  readonly partition: number
  readonly offset: bigint
  readonly id: string
  readonly source: string | null
  readonly frame: Buffer
}

export interface FeedListener {
  event(event: FeedEvent): void
  /** Events may be missing at this point. */
  gap(): void
}

export interface Replay {
  readonly events: readonly FeedEvent[]
  /** Some events after the position are no longer here. */
  readonly isIncomplete: boolean
  /** The position after which nothing is missing. */
  readonly from: StreamPosition
}

/** One server-sent event. */
export function sseFrame(name: string, data: unknown, id?: string): Buffer {
  return Buffer.from(`${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
}

/** Publishes scored events to its listeners, and keeps the latest for clients that resume. */
export class ScoreFeed {
  readonly #maxKept: number
  readonly #listeners = new Set<FeedListener>()
  readonly #kept: FeedEvent[] = []
  readonly #position = new Map<number, bigint>()
  /** By partition, the last offset that is no longer kept. */
  readonly #forgotten = new Map<number, bigint>()

  /** @param maxKept events */
  constructor(maxKept = 10_000) {
    this.#maxKept = maxKept
  }

  get position(): StreamPosition {
    return this.#position
  }

  publish(event: ScoredEvent, partition: number, offset: bigint): void {
    const last = this.#position.get(partition)
    // After a rebalance the consumer repeats records that it had not committed.
    if (last !== undefined && offset <= last) return
    if (last === undefined) this.#forgotten.set(partition, offset - 1n)
    this.#position.set(partition, offset)
    const frame = sseFrame('score', event, formatPosition(this.#position))
    const made = { partition, offset, id: event.id, source: event.source, frame }
    this.#keep(made)
    for (const listener of this.#listeners) listener.event(made)
  }

  /** The source was interrupted: events published meanwhile are missing. */
  interrupt(): void {
    for (const { partition, offset } of this.#kept.splice(0)) this.#forgotten.set(partition, offset)
    this.#position.clear()
    for (const listener of this.#listeners) listener.gap()
  }

  /** Adds a listener; returns the function that removes it. */
  listen(listener: FeedListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Kept events after a position. */
  since(position: StreamPosition): Replay {
    const events = this.#kept.filter(({ partition, offset }) => offset > (position.get(partition) ?? -1n))
    const missed = [...this.#forgotten].filter(([partition, offset]) => (position.get(partition) ?? -1n) < offset)
    return { events, isIncomplete: missed.length > 0, from: new Map([...position, ...missed]) }
  }

  #keep(event: FeedEvent): void {
    this.#kept.push(event)
    if (this.#kept.length < this.#maxKept * 1.1) return
    // In one call: removing one element from the head of a long array costs as much as removing many.
    for (const { partition, offset } of this.#kept.splice(0, this.#kept.length - this.#maxKept)) {
      this.#forgotten.set(partition, offset)
    }
  }
}
