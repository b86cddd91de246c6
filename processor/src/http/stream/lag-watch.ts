/** How many texts a group of processors has not scored yet, looked up only for as long as somebody asks. */
export class LagWatch {
  readonly #read: () => Promise<bigint>
  readonly #freshMs: number
  readonly #now: () => number
  #records: number | null = null
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined

  /** @param freshMs an answer that is older tells nothing */
  constructor(read: () => Promise<bigint>, freshMs: number, now: () => number = () => performance.now()) {
    this.#read = read
    this.#freshMs = freshMs
    this.#now = now
  }

  /** What was read last, in records; null where that is too long ago or failed. Has it read again. */
  latest(): number | null {
    this.#reading ??= this.#look()
    return this.#now() - this.#readAt <= this.#freshMs ? this.#records : null
  }

  /** Resolves once nothing is being read. */
  async settled(): Promise<void> {
    await this.#reading
  }

  async #look(): Promise<void> {
    try {
      this.#records = Number(await this.#read())
      this.#readAt = this.#now()
    } catch {
      this.#records = null
    } finally {
      this.#reading = undefined
    }
  }
}
