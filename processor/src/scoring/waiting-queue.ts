import type { WaitingEntry } from './waiting-entry.ts'

/**
 * The texts of one origin that wait for a batch, oldest first, up to a bound. Batches are cut from a window at its
 * head; a bounded window bounds both the cost of sorting and the time for which a text can be overtaken.
 */
export class WaitingQueue {
  readonly #capacity: number
  readonly #windowSize: number
  #entries: WaitingEntry[] = []
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

  push(entry: WaitingEntry): void {
    this.#entries.push(entry)
  }

  /** Resolves when there may be room, or the caller leaves; whoever waits longest is told first and must look again. */
  room(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const told = () => {
        signal?.removeEventListener('abort', left)
        resolve()
      }
      const left = () => {
        this.#roomWaiters = this.#roomWaiters.filter((waiter) => waiter !== told)
        resolve()
      }
      if (signal?.aborted) return resolve()
      signal?.addEventListener('abort', left, { once: true })
      this.#roomWaiters.push(told)
    })
  }

  /** The oldest entries that still wait. */
  window(): readonly WaitingEntry[] {
    this.#forgetHead()
    return this.#entries.slice(0, this.#windowSize)
  }

  /** Everything that waits, for a look at deadlines. */
  all(): readonly WaitingEntry[] {
    return this.#entries
  }

  /** Forgets what no longer waits within the window and lets new texts in. */
  forget(): void {
    this.#forgetHead()
    this.#admit()
  }

  /** Forgets whatever no longer waits, wherever it stands. */
  forgetAll(): void {
    this.#entries = this.#entries.filter(({ state }) => state === 'waiting')
    this.#admit()
  }

  #admit(): void {
    const free = this.#capacity - this.#entries.length
    for (const resolve of this.#roomWaiters.splice(0, Math.max(0, free))) resolve()
  }

  #forgetHead(): void {
    const head = this.#entries.slice(0, this.#windowSize)
    const waiting = head.filter(({ state }) => state === 'waiting')
    if (waiting.length < head.length) this.#entries.splice(0, head.length, ...waiting)
  }
}
