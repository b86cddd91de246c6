import { AsyncLocalStorage } from 'node:async_hooks'
import { processWide } from './overlay/process-wide.ts'

/** Fetched records that are counted until they are released. */
export interface RecordHold {
  readonly bytes: number
  /** Nobody refers to the records any more. Twice does nothing. */
  release(): void
}

const defaultMaxBytes = 128 * 1024 * 1024
/** A consumer that has not fetched for so long has ended. */
const consumerTtlMs = 60_000

/**
 * The budget for fetched records of all consumers of a process. Half of it is shared evenly among the partitions, so that
 * none starves; the other half is for batches larger than a share, because a batch cannot be read in parts. Where nobody
 * uses that half, one batch may exceed it, so that a budget smaller than a batch stops nobody for ever.
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

  /** A consumer that is about to fetch says how many partitions it has. */
  report(consumer: object, partitions: number, now: number): void {
    this.#consumers.set(consumer, { partitions, at: now })
    for (const [other, { at }] of this.#consumers) if (now - at > consumerTtlMs) this.#consumers.delete(other)
  }

  /**
   * What one fetch may bring of a partition, and where a partition that is read ahead is to be paused: it may get as much
   * again from the fetch that is under way.
   */
  get shareBytes(): number {
    let partitions = 0
    for (const consumer of this.#consumers.values()) partitions += consumer.partitions
    return this.maxBytes / 4 / Math.max(1, partitions)
  }

  /** What a batch larger than a share may take. */
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

  /** One unpacking at a time: what comes out is held before the next begins. */
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

/** The most that all consumers of this process together hold of fetched records; a single larger batch is let through. */
export function setRecordMemory(maxBytes: number): void {
  recordMemory.maxBytes = maxBytes
}

/** What all consumers of this process together hold of fetched records now. */
export function heldRecordBytes(): number {
  return recordMemory.heldBytes
}

/** A partition that is read ahead is to be paused while so much of it is held. */
export function partitionShareBytes(): number {
  return recordMemory.shareBytes
}

const holds = processWide('record-holds', () => new WeakMap<object, RecordHold>())
const retained = processWide('retained-holds', () => new WeakSet<RecordHold>())
const fetches = processWide('fetch-holds', () => new AsyncLocalStorage<RecordHold[]>())

/** Runs a fetch; what its records hold is put into `into`. */
export function holdingInto<Result>(into: RecordHold[], fetch: () => Promise<Result>): Promise<Result> {
  return fetches.run(into, fetch)
}

/** Records read outside of a consumer's fetch are not counted: nobody would release them. */
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

/** The next fetch, or the end of the consumer: what nobody has retained is out of use. */
export function releaseUnlessRetained(list: readonly RecordHold[]): void {
  for (const hold of list) if (!retained.has(hold)) hold.release()
}

/**
 * For a reader that keeps the records of a batch after `eachBatch` has returned: they are counted until it releases them,
 * which it must. Undefined without the overlay.
 */
export function retainRecords(batch: object): RecordHold | undefined {
  const hold = holds.get((batch as { rawMessages: object }).rawMessages)
  if (hold !== undefined) retained.add(hold)
  return hold
}
