import type { Admin, EachBatchPayload } from 'kafkajs'
import { readingTopicIds } from './overlay/topic-ids.ts'

/**
 * A topic with its id, in the format of Kafka's tools. A topic that is deleted and created again has another id.
 * Undefined without the overlay and on brokers before 2.8.
 */
export async function fetchTopic(admin: Admin, topic: string): Promise<{ id: string | undefined; partitions: number }> {
  let partitions = 0
  const ids = await readingTopicIds(async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    partitions = topics.find(({ name }) => name === topic)?.partitions.length ?? 0
  })
  return { id: ids.get(topic), partitions }
}

/** The topic id of a fetched batch; undefined unless the client was created with `topicIds`. */
export function topicIdOf(batch: EachBatchPayload['batch']): string | undefined {
  return (batch as { topicId?: string }).topicId
}
