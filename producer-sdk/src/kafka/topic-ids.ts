import type { Admin, EachBatchPayload } from 'kafkajs'
import { readingTopicIds } from './overlay/topic-ids.ts'

/**
 * The id of a topic, as Kafka's tools print it: another one when the topic is deleted and created again. Undefined
 * without the overlay and on brokers before 2.8.
 */
export async function fetchTopicId(admin: Admin, topic: string): Promise<string | undefined> {
  const ids = await readingTopicIds(() => admin.fetchTopicMetadata({ topics: [topic] }))
  return ids.get(topic)
}

/** The id of the topic that a batch was read from; undefined unless the client was created with `topicIds`. */
export function topicIdOf(batch: EachBatchPayload['batch']): string | undefined {
  return (batch as { topicId?: string }).topicId
}
