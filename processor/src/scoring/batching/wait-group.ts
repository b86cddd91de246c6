/** Counts operations in progress, so that a caller waits for all of them with one promise. */
export class WaitGroup {
  #count = 0
  #onZero: (() => void) | undefined

  begin(): void {
    this.#count += 1
  }

  end(): void {
    this.#count -= 1
    if (this.#count === 0) this.#onZero?.()
  }

  /** Resolves when nothing is under way; asked once. */
  whenZero(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#count === 0) resolve()
      else this.#onZero = resolve
    })
  }
}
