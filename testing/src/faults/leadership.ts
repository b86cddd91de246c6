import type { Admin } from '@valence/producer-sdk/kafka'

/** Which broker of the cluster leads a partition, counted from 0 as the cluster counts them. */
export async function leaderOf(admin: Admin, topic: string, partition: number): Promise<number> {
  for (;;) {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    const leader = topics[0]?.partitions.find(({ partitionId }) => partitionId === partition)?.leader ?? -1
    // Between two leaders there is none.
    if (leader > 0) return leader - 1
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

export function groupCoordinatorOf(admin: Admin, groupId: string): Promise<number> {
  return coordinatorOf(admin, '__consumer_offsets', groupId)
}

export function transactionCoordinatorOf(admin: Admin, transactionalId: string): Promise<number> {
  return coordinatorOf(admin, '__transaction_state', transactionalId)
}

/** A coordinator is the leader of the partition that the id's hash falls on. */
async function coordinatorOf(admin: Admin, topic: string, id: string): Promise<number> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  return leaderOf(admin, topic, positiveHash(id) % (topics[0]?.partitions.length ?? 1))
}

/** Java's String.hashCode without its sign, as brokers use it. */
function positiveHash(text: string): number {
  return Array.from(text).reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, 0) & 0x7fffffff
}
