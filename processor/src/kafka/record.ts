import type { RecordHeaders } from '@valence/schemas'
import type { TopicPartition } from './topic-partition.ts'

/** One record as it was read. Buffers are views into the fetch response: copy what outlives the batch. */
export interface KafkaRecord {
  readonly offset: bigint
  /** Epoch milliseconds as the producer wrote them: any 64 bits, -1 for none. */
  readonly timestamp: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: RecordHeaders
}

/** Bytes of key, value and headers, without what the batch adds. */
export function bytesOf({ key, value, headers }: Pick<KafkaRecord, 'key' | 'value' | 'headers'>): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0)
  for (const header of headers) bytes += header.name.length + (header.value?.length ?? 0)
  return bytes
}

/** What one fetch brought from one partition; control records and aborted records are already taken out. */
export interface RecordBatch extends TopicPartition {
  /** Of the topic that was read; undefined where the broker or the client cannot tell. */
  readonly topicId?: string | undefined
  /** The offset that was asked for. */
  readonly fetchedOffset: bigint
  /** The offset after the batch, control records included: what to commit once all of it is done. */
  readonly nextOffset: bigint
  readonly highWatermark: bigint
  readonly records: readonly KafkaRecord[]
  /** What the records take of the memory of the process, see `release`. */
  readonly heldBytes?: number | undefined
  /** To be called when nobody refers to the records any more; they are counted until then. Twice does nothing. */
  readonly release?: (() => void) | undefined
}

/** One record to write, its partition already decided. */
export interface OutgoingRecord extends TopicPartition {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: RecordHeaders
  /** Epoch milliseconds; the broker's clock where absent. */
  readonly timestamp?: number
}
