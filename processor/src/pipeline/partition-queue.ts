import type { KafkaRecord, RecordBatch } from '../kafka/record.ts'

/** Records of one partition that go through the pipeline together, and the offset to commit with them. */
export interface RecordSlice {
  readonly records: readonly KafkaRecord[]
  readonly nextOffset: bigint
}

/** Result of `push`: `gap` where the batch begins after the expected offset. */
export type PushResult = 'queued' | 'known' | 'gap'

interface QueuedBatch {
  readonly records: readonly KafkaRecord[]
  readonly nextOffset: bigint
  readonly heldBytes: number
  readonly release: () => void
  taken: number
}

/**
 * The fetched records of one partition, in order, each once.
 * Records below the expected offset are known and skipped; a batch above it is refused as a gap.
 */
export class PartitionQueue {
  readonly #batches: QueuedBatch[] = []
  /** Batches whose records are all taken but not all committed. */
  readonly #taken: QueuedBatch[] = []
  #heldBytes = 0
  #expected: bigint
  #size = 0
  #closed = false
  #failure: Error | undefined
  #end: Error | undefined
  #wake: (() => void) | undefined

  constructor(position: bigint) {
    this.#expected = position
  }

  /** The next offset that has not been queued. */
  get expected(): bigint {
    return this.#expected
  }

  /** The next offset that will be taken. */
  get next(): bigint {
    const batch = this.#batches[0]
    return batch?.records[batch.taken]?.offset ?? this.#expected
  }

  /** Records waiting. */
  get size(): number {
    return this.#size
  }

  /** Bytes of the batches with records that are not committed. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Whether batches were queued before the last one. */
  get isBehind(): boolean {
    return this.#batches.length > 1
  }

  push(batch: RecordBatch): PushResult {
    const { nextOffset, heldBytes = 0, release = () => undefined } = batch
    const found = this.#compare(batch)
    if (found !== 'queued') {
      release()
      return found
    }
    const records = batch.records.filter((record) => record.offset >= this.#expected)
    this.#batches.push({ records, nextOffset, heldBytes, release, taken: 0 })
    this.#heldBytes += heldBytes
    this.#size += records.length
    this.#expected = batch.nextOffset
    this.#wake?.()
    return 'queued'
  }

  #compare(batch: RecordBatch): PushResult {
    if (this.#closed || batch.nextOffset <= this.#expected) return 'known'
    return batch.fetchedOffset > this.#expected ? 'gap' : 'queued'
  }

  /** Records below the offset are committed: frees the memory of their batches. */
  committed(offset: bigint): void {
    while (this.#taken[0] !== undefined && this.#taken[0].nextOffset <= offset) this.#release(this.#taken.shift())
  }

  #release(batch: QueuedBatch | undefined): void {
    if (batch === undefined) return
    this.#heldBytes -= batch.heldBytes
    batch.release()
  }

  /** Waits for records and takes up to `limit` of them; undefined once the queue is closed. */
  async take(limit: number): Promise<RecordSlice | undefined> {
    while (this.#batches.length === 0 && !this.#closed) {
      if (this.#end !== undefined) throw this.#end
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#wake = undefined
    if (this.#failure !== undefined) throw this.#failure
    return this.#closed ? undefined : this.#cut(limit)
  }

  /** Drops queued records and ends every `take`. */
  close(): void {
    this.#closed = true
    // Batches under way no longer count: they end soon.
    for (const batch of [...this.#taken.splice(0), ...this.#batches.splice(0)]) this.#release(batch)
    this.#size = 0
    this.#wake?.()
  }

  /** Makes `take` throw once the queued records are taken. */
  endWith(error: Error): void {
    this.#end = error
    this.#wake?.()
  }

  /** Closes the queue and makes a waiting `take` throw. */
  fail(error: Error): void {
    this.#failure = error
    this.close()
  }

  #cut(limit: number): RecordSlice {
    const records: KafkaRecord[] = []
    let nextOffset = this.#expected
    for (let batch = this.#batches[0]; batch !== undefined && records.length < limit; batch = this.#batches[0]) {
      const part = batch.records.slice(batch.taken, batch.taken + limit - records.length)
      records.push(...part)
      batch.taken += part.length
      nextOffset = (part.at(-1)?.offset ?? batch.nextOffset - 1n) + 1n
      if (batch.taken < batch.records.length) break
      nextOffset = batch.nextOffset
      this.#batches.shift()
      this.#taken.push(batch)
    }
    this.#size -= records.length
    return { records, nextOffset }
  }
}
