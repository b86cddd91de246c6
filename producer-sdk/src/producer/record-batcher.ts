/** The fields of a record that the batcher needs. */
export interface Sized {
  readonly bytes: number
}

export interface RecordBatcherOptions<Record extends Sized> {
  /** Sends a batch and settles its records. Called for one batch at a time; never rejects. */
  readonly deliver: (batch: Record[]) => Promise<void>
  /** Maximum time a record waits for more records to fill its batch, milliseconds. */
  readonly lingerMs: number
  readonly batchMaxRecords: number
  readonly batchMaxBytes: number
  /** Maximum bytes of waiting and in-flight records; above it `add` waits. */
  readonly maxBufferedBytes: number
}

interface Waiting<Record> {
  readonly record: Record
  readonly admit: () => void
}

/**
 * Collects records into batches. A batch is sent when it is full or its first record has lingered, and the previous
 * batch has completed: that keeps the order and lets batches grow with the broker's latency.
 */
export class RecordBatcher<Record extends Sized> {
  readonly #options: RecordBatcherOptions<Record>
  #open: Record[] = []
  #openBytes = 0
  #openedAt = 0
  #bufferedBytes = 0
  #waiting: Waiting<Record>[] = []
  #isDelivering = false
  #timer: NodeJS.Timeout | undefined
  /** Counts of added and completed records; records complete in order. */
  #handedIn = 0
  #carriedOut = 0
  #flushes: { readonly upTo: number; readonly resolve: () => void }[] = []

  constructor(options: RecordBatcherOptions<Record>) {
    this.#options = options
  }

  /** Resolves when the record is buffered, in the order of the calls. */
  add(record: Record): Promise<void> {
    this.#handedIn += 1
    if (this.#waiting.length === 0 && this.#hasRoom(record.bytes)) {
      this.#take(record)
      this.#pump()
      return Promise.resolve()
    }
    return new Promise((admit) => {
      this.#waiting.push({ record, admit })
      this.#pump()
    })
  }

  /** Resolves when all records added before are completed; they do not linger. */
  flush(): Promise<void> {
    if (this.#carriedOut === this.#handedIn) return Promise.resolve()
    return new Promise((resolve) => {
      this.#flushes.push({ upTo: this.#handedIn, resolve })
      this.#pump()
    })
  }

  #take(record: Record): void {
    if (this.#open.length === 0) this.#openedAt = performance.now()
    this.#open.push(record)
    this.#openBytes += record.bytes
    this.#bufferedBytes += record.bytes
  }

  #hasRoom(bytes: number): boolean {
    // A record larger than the whole buffer is accepted when the buffer is empty.
    return this.#bufferedBytes === 0 || this.#bufferedBytes + bytes <= this.#options.maxBufferedBytes
  }

  #pump(): void {
    if (this.#isDelivering || this.#open.length === 0) return
    const lingersMs = this.#mustLeave() ? 0 : this.#openedAt + this.#options.lingerMs - performance.now()
    if (lingersMs > 0) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        this.#pump()
      }, lingersMs)
      return
    }
    clearTimeout(this.#timer)
    this.#timer = undefined
    void this.#deliverNext()
  }

  #mustLeave(): boolean {
    const { batchMaxRecords, batchMaxBytes } = this.#options
    const isFull = this.#open.length >= batchMaxRecords || this.#openBytes >= batchMaxBytes
    // While a caller waits for room, lingering would only delay it.
    return isFull || this.#flushes.length > 0 || this.#waiting.length > 0
  }

  async #deliverNext(): Promise<void> {
    const batch = this.#takeBatch()
    this.#isDelivering = true
    await this.#options.deliver(batch)
    this.#isDelivering = false
    this.#carriedOut += batch.length
    this.#bufferedBytes -= totalBytes(batch)
    this.#admitWaiting()
    const done = this.#flushes.filter(({ upTo }) => upTo <= this.#carriedOut)
    this.#flushes = this.#flushes.filter(({ upTo }) => upTo > this.#carriedOut)
    for (const { resolve } of done) resolve()
    this.#pump()
  }

  #takeBatch(): Record[] {
    const { batchMaxRecords, batchMaxBytes } = this.#options
    let bytes = 0
    let count = 0
    for (const record of this.#open) {
      if (count > 0 && (count >= batchMaxRecords || bytes + record.bytes > batchMaxBytes)) break
      bytes += record.bytes
      count += 1
    }
    this.#openBytes -= bytes
    return this.#open.splice(0, count)
  }

  #admitWaiting(): void {
    for (let next = this.#waiting[0]; next && this.#hasRoom(next.record.bytes); next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#take(next.record)
      next.admit()
    }
  }
}

function totalBytes(records: readonly Sized[]): number {
  return records.reduce((sum, { bytes }) => sum + bytes, 0)
}
