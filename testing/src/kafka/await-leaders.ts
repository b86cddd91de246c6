import { setTimeout as delay } from 'node:timers/promises'
import type { Admin } from '@valence/producer-sdk/kafka'

/**
 * Resolves when the leader of every partition serves it. A broker names itself as leader in its metadata before it knows
 * of it where it writes, and answers NOT_LEADER_OR_FOLLOWER meanwhile; `waitForLeaders` of kafkajs looks at the metadata
 * alone, and gives up where a busy broker does not know a new topic at once.
 */
export async function awaitLeaders(admin: Admin, topics: string[]): Promise<void> {
  while (!(await areServed(admin, topics))) await delay(20)
}

async function areServed(admin: Admin, topics: string[]): Promise<boolean> {
  const known = await admin.fetchTopicMetadata({ topics }).catch(() => undefined)
  const leaders = known?.topics.flatMap(({ partitions }) => partitions.map(({ leader }) => leader))
  if (!leaders?.every((leader) => leader >= 0)) return false
  const ends = Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic)))
  return ends.then(
    () => true,
    () => false,
  )
}
