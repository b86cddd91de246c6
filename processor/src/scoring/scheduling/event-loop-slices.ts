import { setImmediate } from 'node:timers'

/**
 * Shares the event loop among callers with long synchronous work. Each caller works for one time slice, then waits until
 * the loop has turned and every caller before it had a slice. The loop is blocked for about one slice at a time, however
 * many callers there are.
 */
export class EventLoopSlices {
  readonly #sliceMs: number
  readonly #waiting: (() => void)[] = []
  #sliceStart = 0
  #scheduled = false

  constructor(sliceMs: number) {
    this.#sliceMs = sliceMs
  }

  /** The slice is used up: await next() before going on. */
  get isOver(): boolean {
    return performance.now() - this.#sliceStart > this.#sliceMs
  }

  /** Resolves in a fresh slice. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#sliceStart = performance.now()
      this.#waiting.shift()?.()
      if (this.#waiting.length > 0) this.#schedule()
    })
  }
}
