import { ValenceError } from '@valence/schemas'
import type { Transaction } from 'kafkajs'
import { kafkaErrors } from './kafka-errors.ts'
import { isOverlayInstalled } from './overlay/install.ts'
import { type CommittingMember, committingAs } from './overlay/txn-offset-commit.ts'

/** An offset to commit. */
export interface OffsetToCommit {
  readonly topic: string
  readonly partition: number
  /** Offset of the next record to read. */
  readonly offset: bigint
  readonly metadata: string | null
}

export interface TransactionOffsets {
  readonly groupId: string
  /**
   * The coordinator refuses the offsets unless this is a member of the current generation; without it, no check is
   * made.
   */
  readonly member?: CommittingMember | undefined
  readonly offsets: readonly OffsetToCommit[]
}

/** Coordinator errors for a member of an earlier generation, or one that was replaced by another process. */
const generationOver: ReadonlySet<string> = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'])

/**
 * Adds offsets of many partitions to a transaction, in one request. With a member, one producer can safely serve
 * partitions that other producers served before (KIP-447).
 *
 * @throws VAL_KAFKA_GENERATION_OVER if the generation has ended: abort, and take over the still assigned partitions
 * again
 * @throws VAL_KAFKA_BROKER_TOO_OLD if a member is given and the broker is older than 2.5
 * @throws errors of kafkajs for everything else
 */
export async function sendTransactionOffsets(
  transaction: Transaction,
  { groupId, member, offsets }: TransactionOffsets,
): Promise<void> {
  const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([topic, group]) => ({
    topic,
    partitions: group.map(({ partition, offset, metadata }) => ({ partition, offset: offset.toString(), metadata })),
  }))
  // kafkajs passes metadata through unchanged; only its type requires it.
  const send = () => transaction.sendOffsets({ consumerGroupId: groupId, topics: topics as never })
  if (member === undefined) return send()
  if (!isOverlayInstalled()) {
    throw new ValenceError('VAL_CONFIG_INVALID', 'offsets in the name of a member need the overlay')
  }
  try {
    await committingAs(member, send)
  } catch (error) {
    const { type = '', message } = kafkaErrors.classify(error)
    if (!generationOver.has(type)) throw error
    throw new ValenceError('VAL_KAFKA_GENERATION_OVER', `${type}: ${message}`, { cause: error })
  }
}
