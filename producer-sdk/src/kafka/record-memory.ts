import { AsyncLocalStorage } from 'node:async_hooks'
import { processWide } from './overlay/process-wide.ts'

/** Fetched records that count against the budget until released. */
export interface RecordHold {
  readonly bytes: number
  /** Releases the records; a second call has no effect. */
  release(): void
}

const defaultMaxBytes = 128 * 1024 * 1024
/** A consumer that has not fetched for this long is considered ended. */
const consumerTtlMs = 60_000

/**
 * The memory budget for fetched records of all consumers of a process. Half of it is shared evenly among the
 * partitions, so that none starves. The other half is for batches larger than a share, because a batch cannot be read
 * in parts. While that half is unused, one batch may exceed it, so that a batch larger than the budget does not block
 * forever.
 */
export class RecordMemory {
  maxBytes = defaultMaxBytes
  #shared = 0
  #large = 0
  readonly #waiting = new Set<() => void>()
  readonly #consumers = new Map<object, { readonly partitions: number; readonly at: number }>()
  #turn: Promise<unknown> = Promise.resolve()

  get heldBytes(): number {
    return this.#shared + this.#large
  }

  /** Called before a fetch, with the consumer's number of partitions. */
  report(consumer: object, partitions: number, now: number): void {
    this.#consumers.set(consumer, { partitions, at: now })
    for (const [other, { at }] of this.#consumers) if (now - at > consumerTtlMs) this.#consumers.delete(other)
  }

  /**
   * Maximum bytes of a partition in one fetch, and the amount at which a partition that is read ahead must be paused: a
   * fetch in progress can add the same amount again.
   */
  get shareBytes(): number {
    let partitions = 0
    for (const consumer of this.#consumers.values()) partitions += consumer.partitions
    return this.maxBytes / 4 / Math.max(1, partitions)
  }

  /** Available bytes for a batch larger than a share. */
  get roomForLarge(): number {
    return this.#large === 0 ? Number.POSITIVE_INFINITY : this.maxBytes / 2 - this.#large
  }

  hold(bytes: number): RecordHold {
    const isLarge = bytes > this.shareBytes
    let held = bytes
    if (isLarge) this.#large += bytes
    else this.#shared += bytes
    const release = () => {
      if (isLarge) this.#large -= held
      else this.#shared -= held
      held = 0
      this.#wake()
    }
    return { bytes, release }
  }

  /** Resolves with the next release, or after `ms`. */
  released(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.#waiting.add(wake)
    })
  }

  /** Serialises decompression: the output is counted before the next one begins. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }
}

export const recordMemory = processWide('record-memory', () => new RecordMemory())

/** Sets the maximum bytes of fetched records of all consumers of this process; a single larger batch is admitted. */
export function setRecordMemory(maxBytes: number): void {
  recordMemory.maxBytes = maxBytes
}

/** Current bytes of fetched records of all consumers of this process. */
export function heldRecordBytes(): number {
  return recordMemory.heldBytes
}

/** Pause a partition that is read ahead while it holds this many bytes. */
export function partitionShareBytes(): number {
  return recordMemory.shareBytes
}

const holds = processWide('record-holds', () => new WeakMap<object, RecordHold>())
const retained = processWide('retained-holds', () => new WeakSet<RecordHold>())
const fetches = processWide('fetch-holds', () => new AsyncLocalStorage<RecordHold[]>())

/** Runs a fetch; the memory of its records is added to `into`. */
export function holdingInto<Result>(into: RecordHold[], fetch: () => Promise<Result>): Promise<Result> {
  return fetches.run(into, fetch)
}

/** Records read outside a consumer's fetch are not counted, because they are never released. */
export function isCounting(): boolean {
  return fetches.getStore() !== undefined
}

export function holdRecords(records: object, bytes: number): void {
  const hold = recordMemory.hold(bytes)
  holds.set(records, hold)
  fetches.getStore()?.push(hold)
}

export function holdOf(records: object): RecordHold | undefined {
  return holds.get(records)
}

/** Called at the next fetch or at the end of the consumer: releases records that were not retained. */
export function releaseUnlessRetained(list: readonly RecordHold[]): void {
  for (const hold of list) if (!retained.has(hold)) hold.release()
}

/**
 * For a reader that keeps the records of a batch after `eachBatch` has returned: they are counted until the reader
 * releases them, which it must do. Undefined without the overlay.
 */
export function retainRecords(batch: object): RecordHold | undefined {
  const hold = holds.get((batch as { rawMessages: object }).rawMessages)
  if (hold !== undefined) retained.add(hold)
  return hold
}
