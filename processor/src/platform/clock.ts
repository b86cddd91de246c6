/** Time, as far as a part depends on it; tests pass their own. */
export interface Clock {
  /** Monotonic milliseconds, for ages and durations. */
  monotonicMs(): number
  /** Wall-clock epoch milliseconds: deadlines. */
  epochMs(): number
  /** Calls back once after the delay, unless the returned function is called before. */
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
