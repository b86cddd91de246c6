import type { OutgoingRecord, TopicPartition } from './record.ts'

/**
 * The right to write for one input partition. Opening it fences every earlier session of that partition,
 * in any process: their later calls fail with VAL_KAFKA_FENCED.
 */
export interface PartitionSession {
  /** The committed offset, read after the fence; undefined where nothing was committed yet. */
  position(): Promise<bigint | undefined>
  /**
   * One transaction: the records and the input offset, together or not at all.
   * After an error the session is spent: close it, open another one, and read the position again.
   * @throws VAL_KAFKA_FENCED, VAL_KAFKA_ACK_MISMATCH, VAL_RECORD_TOO_LARGE_TO_PUBLISH, VAL_KAFKA_TRANSACTION_FAILED
   */
  publish(records: readonly OutgoingRecord[], nextOffset: bigint): Promise<void>
  close(): Promise<void>
}

/** Opens sessions and knows the logs. */
export interface PartitionSessions {
  /** @throws VAL_KAFKA_* */
  open(partition: TopicPartition): Promise<PartitionSession>
  /** First and next offset of the log. */
  range(partition: TopicPartition): Promise<{ earliest: bigint; latest: bigint }>
  /** The output partition of a key; records without a key stay together by input partition. */
  outputPartition(topic: string, key: Buffer | null, inputPartition: number): number
}
