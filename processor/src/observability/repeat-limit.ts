export interface RepeatLimitOptions {
  /** Lines of one kind that are written in a window. */
  readonly burst: number
  readonly windowMs: number
  /** Kinds that are watched at the same time; beyond it nothing is held back. */
  readonly maxKinds: number
}

interface Window {
  written: number
  suppressed: number
  /** Writes the last one that was held back, and how many there were. */
  summarise: (suppressed: number) => void
}

/** Lets the first few of a kind through and sums up the rest at the end of the window: a flood becomes two lines. */
export class RepeatLimit {
  readonly #options: RepeatLimitOptions
  readonly #windows = new Map<string, Window>()

  constructor(options: RepeatLimitOptions) {
    this.#options = options
  }

  /** True where the event is to be written now; else `summarise` may be called at the end of the window. */
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
