import type { LineProgress } from './line-progress.ts'
import type { OutgoingRecord } from './record.ts'
import type { TopicPartition } from './topic-partition.ts'

/** Where a session stands. The id of a topic tells it from an earlier one of the same name. */
export interface Position {
  /** The committed offset; undefined where nothing was committed yet. */
  readonly offset: bigint | undefined
  /** Of the topic as it is; undefined where brokers or client do not tell. */
  readonly topicId: string | undefined
  /** Of the topic that the offset was committed for; undefined where the commit does not say. */
  readonly committedTopicId: string | undefined
  /** The partition was added to the topic after the group had begun to read it. */
  readonly isYounger: boolean
  /** Somebody has written for this partition before; undefined where brokers or client do not tell. */
  readonly hadPredecessor: boolean | undefined
  /** Committed with the offset by a job that counts lines. */
  readonly lineProgress?: LineProgress | undefined
}

/** The offset was committed for an earlier topic of this name and says nothing about this one. */
export function isOfEarlierTopic({
  topicId,
  committedTopicId,
}: Pick<Position, 'topicId' | 'committedTopicId'>): boolean {
  return topicId !== undefined && committedTopicId !== undefined && topicId !== committedTopicId
}

/**
 * The right to write for one input partition. Opening it fences every earlier session of that partition,
 * in any process: their later calls fail with VAL_KAFKA_FENCED.
 */
export interface PartitionSession {
  /** Read after the fence; what is published from then on is published for this topic. */
  locate(): Promise<Position>
  /** The committed offset, if there is one for this very topic. */
  position(): Promise<bigint | undefined>
  /**
   * One transaction: the records and the input offset, together or not at all; with the progress of a job that counts lines.
   * After an error the session is spent: close it, open another one, and read the position again.
   * @throws VAL_KAFKA_FENCED, VAL_KAFKA_ACK_MISMATCH, VAL_RECORD_TOO_LARGE_TO_PUBLISH,
   *   VAL_RECORD_REFUSED_BY_BROKER, VAL_KAFKA_TIMESTAMP_REFUSED, VAL_KAFKA_TRANSACTION_FAILED
   */
  publish(records: readonly OutgoingRecord[], nextOffset: bigint, lineProgress?: LineProgress): Promise<void>
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
