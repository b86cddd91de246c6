import type { Clock } from '@valence/processor/platform/clock'

/** Time that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #nowMs = 1_000
  #timers: { dueMs: number; callback: () => void }[] = []

  monotonicMs(): number {
    return this.#nowMs
  }

  epochMs(): number {
    return 1_700_000_000_000 + this.#nowMs
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  get timers(): number {
    return this.#timers.length
  }

  /** Lets time pass, calls what falls due, and lets the event loop turn. */
  async advance(ms: number): Promise<void> {
    this.#nowMs += ms
    const due = this.#timers.filter(({ dueMs }) => dueMs <= this.#nowMs)
    this.#timers = this.#timers.filter(({ dueMs }) => dueMs > this.#nowMs)
    for (const { callback } of due) callback()
    await turns()
  }
}

/** Lets the event loop turn a few times: everything that waits for nothing else has then happened. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}
