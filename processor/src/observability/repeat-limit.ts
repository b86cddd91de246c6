export interface RepeatLimitOptions {
  /** Lines of one kind that are written per window. */
  readonly burst: number
  readonly windowMs: number
  /** Maximum kinds that are tracked at once; lines of further kinds are not limited. */
  readonly maxKinds: number
}

interface Window {
  written: number
  suppressed: number
  /** Writes the last suppressed line, with the number of suppressed lines. */
  summarise: (suppressed: number) => void
}

/** Admits the first `burst` lines of a kind per window and summarises the rest in one line at the end of the window. */
export class RepeatLimit {
  readonly #options: RepeatLimitOptions
  readonly #windows = new Map<string, Window>()

  constructor(options: RepeatLimitOptions) {
    this.#options = options
  }

  /** True if the line is to be written now. Else it is suppressed, and the last `summarise` is called at the end of the window. */
  admits(kind: string, summarise: (suppressed: number) => void): boolean {
    const window = this.#windows.get(kind) ?? this.#open(kind, summarise)
    if (window === undefined) return true
    if (window.written < this.#options.burst) {
      window.written += 1
      return true
    }
    window.suppressed += 1
    window.summarise = summarise
    return false
  }

  #open(kind: string, summarise: (suppressed: number) => void): Window | undefined {
    if (this.#windows.size >= this.#options.maxKinds) return undefined
    const window: Window = { written: 0, suppressed: 0, summarise }
    this.#windows.set(kind, window)
    setTimeout(() => {
      this.#windows.delete(kind)
      if (window.suppressed > 0) window.summarise(window.suppressed)
    }, this.#options.windowMs).unref()
    return window
  }
}
