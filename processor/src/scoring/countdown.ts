/** Counts what is under way, so that many things can be waited for with one promise. */
export class Countdown {
  #count = 0
  #onZero: (() => void) | undefined

  begin(): void {
    this.#count += 1
  }

  end(): void {
    this.#count -= 1
    if (this.#count === 0) this.#onZero?.()
  }

  /** Resolves when nothing is under way. */
  get zero(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#count === 0) resolve()
      else this.#onZero = resolve
    })
  }
}
