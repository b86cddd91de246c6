/**
 * Admits large batches one caller at a time, first in, first out. Interleaving would make every caller as slow as the
 * slowest and keep the state of all of them in memory.
 */
export class FifoMutex {
  readonly #waiting: (() => void)[] = []
  #isTaken = false

  /** Resolves when it is the caller's turn, which lasts until `leave`; false if the caller left before. */
  enter(signal: AbortSignal | undefined): Promise<boolean> | boolean {
    if (signal?.aborted) return false
    if (!this.#isTaken) {
      this.#isTaken = true
      return true
    }
    return new Promise((resolve) => {
      const go = () => {
        signal?.removeEventListener('abort', giveUp)
        resolve(true)
      }
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1)
        resolve(false)
      }
      signal?.addEventListener('abort', giveUp, { once: true })
      this.#waiting.push(go)
    })
  }

  leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#isTaken = false
  }
}
