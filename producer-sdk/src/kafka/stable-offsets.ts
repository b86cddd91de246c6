import type { Admin } from 'kafkajs'
import { readingStableOffsets } from './overlay/stable-offsets.ts'

/**
 * The committed offset of each partition, once no transaction is about to change it; −1 where nothing is committed.
 * Read it after InitProducerId has ended the predecessor's transaction, and nothing can change it any more.
 *
 * Without the overlay, or on brokers before 2.5, this is an ordinary read.
 */
export async function fetchStableOffsets(
  admin: Admin,
  { groupId, topic, partitions }: { groupId: string; topic: string; partitions: readonly number[] },
): Promise<Map<number, bigint>> {
  const fetched = await readingStableOffsets({ topic, partitions }, () =>
    admin.fetchOffsets({ groupId, topics: [topic] }),
  )
  const offsets = new Map(
    fetched.flatMap((own) => own.partitions).map(({ partition, offset }) => [partition, BigInt(offset)] as const),
  )
  return new Map(partitions.map((partition) => [partition, offsets.get(partition) ?? -1n]))
}
