import type { Admin } from 'kafkajs'
import { readingStableOffsets } from './overlay/stable-offsets.ts'

/** What a group committed for a partition. */
export interface CommittedOffset {
  /** −1 where nothing is committed. */
  readonly offset: bigint
  /** What was committed beside it. */
  readonly metadata: string | null
}

const none: CommittedOffset = { offset: -1n, metadata: null }

/**
 * The committed offset of each partition, once no transaction is about to change it.
 * Read it after InitProducerId has ended the predecessor's transaction, and nothing can change it any more.
 *
 * Without the overlay, or on brokers before 2.5, this is an ordinary read.
 */
export async function fetchStableOffsets(
  admin: Admin,
  { groupId, topic, partitions }: { groupId: string; topic: string; partitions: readonly number[] },
): Promise<Map<number, CommittedOffset>> {
  const fetched = await readingStableOffsets({ topic, partitions }, () =>
    admin.fetchOffsets({ groupId, topics: [topic] }),
  )
  const offsets = new Map(
    fetched
      .flatMap((own) => own.partitions)
      .map(({ partition, offset, metadata }) => [partition, { offset: BigInt(offset), metadata }] as const),
  )
  return new Map(partitions.map((partition) => [partition, offsets.get(partition) ?? none]))
}

/** What a group committed for a topic, by partition; partitions without a position are absent. */
export async function fetchGroupOffsets(
  admin: Admin,
  { groupId, topic }: { groupId: string; topic: string },
): Promise<Map<number, CommittedOffset>> {
  const fetched = await admin.fetchOffsets({ groupId, topics: [topic] })
  return new Map(
    fetched
      .flatMap((own) => own.partitions)
      .map(({ partition, offset, metadata }) => [partition, { offset: BigInt(offset), metadata }] as const)
      .filter(([, { offset }]) => offset >= 0n),
  )
}
