/**
 * Where callers with many texts stand until it is their turn to put them all in. Were their texts mixed, each caller
 * would wait for the last of all, and what is known of everybody's texts would be kept for so long.
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
