/** The lag of the processors' group, read only while it is asked for. */
export class LagWatch {
  readonly #read: () => Promise<bigint>
  readonly #freshMs: number
  readonly #now: () => number
  #records: number | null = null
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined

  /** @param freshMs maximum age of a value */
  constructor(read: () => Promise<bigint>, freshMs: number, now: () => number = () => performance.now()) {
    this.#read = read
    this.#freshMs = freshMs
    this.#now = now
  }

  /** The last value in records, or null where it is too old or the read failed. Starts another read. */
  latest(): number | null {
    this.#reading ??= this.#look()
    return this.#now() - this.#readAt <= this.#freshMs ? this.#records : null
  }

  /** Resolves once no read is under way. */
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
