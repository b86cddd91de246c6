import type { BatchWindow } from './batch-policy.ts'
import type { PendingText } from './pending-text.ts'

/** Share of the places that must be free before callers that wait for room are woken: decision 11, "garbage and order". */
const worthWaking = 1 / 8

/**
 * The texts of one origin that wait for a batch, oldest first, up to a bound. Batches are cut from a window at its
 * head, which is kept in order of length; a bounded window bounds the time for which a text can be overtaken.
 */
export class WaitingQueue {
  readonly #capacity: number
  readonly #windowSize: number
  readonly #entries: PendingText[] = []
  /** The first of the entries, as many as there are here, by length and then age. */
  readonly #byLength: PendingText[] = []
  #roomWaiters: (() => void)[] = []

  constructor(capacity: number, windowSize: number) {
    this.#capacity = capacity
    this.#windowSize = windowSize
  }

  get length(): number {
    return this.#entries.length
  }

  get hasRoom(): boolean {
    return this.#entries.length < this.#capacity
  }

  push(entry: PendingText): void {
    this.#entries.push(entry)
    this.#fillWindow()
  }

  /** Resolves when there may be room, or the caller leaves; the longest waiting is woken first and must look again. */
  room(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener('abort', left)
        resolve()
      }
      const left = () => {
        this.#roomWaiters = this.#roomWaiters.filter((waiter) => waiter !== wake)
        resolve()
      }
      if (signal?.aborted) return resolve()
      signal?.addEventListener('abort', left, { once: true })
      this.#roomWaiters.push(wake)
    })
  }

  /** The oldest entries. */
  window(): BatchWindow<PendingText> {
    return { oldest: this.#entries[0], byLength: this.#byLength }
  }

  /** Everything that waits, for a look at deadlines. */
  all(): readonly PendingText[] {
    return this.#entries
  }

  /** Removes entries that were taken or dropped, and wakes callers where there is room. */
  removeGone(): void {
    keepWaiting(this.#entries)
    keepWaiting(this.#byLength)
    this.#fillWindow()
    const free = this.#capacity - this.#entries.length
    // Waking a caller for a few free places would make it tokenize a few texts at a time, with cold CPU caches.
    if (free >= this.#capacity * worthWaking) for (const resolve of this.#roomWaiters.splice(0, free)) resolve()
  }

  #fillWindow(): void {
    const size = Math.min(this.#windowSize, this.#entries.length)
    while (this.#byLength.length < size) insertByLength(this.#byLength, this.#entries[this.#byLength.length])
  }
}

/** In place, because it runs for each batch. */
function keepWaiting(entries: PendingText[]): void {
  let kept = 0
  for (const entry of entries) if (entry.isWaiting) entries[kept++] = entry
  entries.length = kept
}

/** Behind those of its length. */
function insertByLength(sorted: PendingText[], entry: PendingText | undefined): void {
  if (entry === undefined) return
  const { tokens } = entry
  let [from, to] = [0, sorted.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((sorted[middle]?.tokens ?? 0) <= tokens) from = middle + 1
    else to = middle
  }
  sorted.splice(from, 0, entry)
}
