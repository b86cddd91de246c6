import { ValenceError } from '@valence/schemas'
import type { Transaction } from 'kafkajs'
import { kafkaErrors } from './kafka-errors.ts'
import { isOverlayInstalled } from './overlay/install.ts'
import { type CommittingMember, committingAs } from './overlay/txn-offset-commit.ts'

/** A position to commit. */
export interface OffsetToCommit {
  readonly topic: string
  readonly partition: number
  /** Of the next record to read. */
  readonly offset: bigint
  readonly metadata: string | null
}

export interface TransactionOffsets {
  readonly groupId: string
  /** The group refuses the offsets unless this is a member of its current generation; left out, it does not check. */
  readonly member?: CommittingMember | undefined
  readonly offsets: readonly OffsetToCommit[]
}

/** What a group says to a member of an earlier generation, or to one that another process has replaced. */
const generationOver: ReadonlySet<string> = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'])

/**
 * Sends offsets of many partitions to a transaction, in one request. In the name of a member it is safe for one
 * producer to serve partitions that other producers served before (KIP-447).
 *
 * @throws VAL_KAFKA_GENERATION_OVER the group has moved on: abort, and take the partitions again that are still assigned
 * @throws VAL_KAFKA_BROKER_TOO_OLD a member is given and the broker is older than 2.5
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
  // kafkajs hands metadata on as it is, and only its type says that there must be one.
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
