/** Time source; tests pass a fake one. */
export interface Clock {
  /** Monotonic milliseconds, for durations. */
  monotonicMs(): number
  /** Wall-clock epoch milliseconds, for deadlines. */
  epochMs(): number
  /** Calls back once after the delay; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  epochMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
}
