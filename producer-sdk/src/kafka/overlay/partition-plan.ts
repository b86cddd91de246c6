import type { PartitionMetadata } from './internals.ts'

/** A record as kafkajs's `send` takes it. */
export interface OutgoingMessage {
  readonly key?: Buffer | string | null
  readonly value: Buffer | string | null
  readonly partition?: number
}

export interface TopicMessages {
  readonly topic: string
  readonly messages: readonly OutgoingMessage[]
}

export type Partitioner = (options: {
  topic: string
  partitionMetadata: PartitionMetadata[]
  message: OutgoingMessage
}) => number

/** The records of one send that go to one partition, in their order. */
export interface PartitionRecords {
  readonly topic: string
  readonly partition: number
  readonly messages: OutgoingMessage[]
}

/**
 * Decides once, before anything is sent, which record goes to which partition; a retry that asked the partitioner
 * again could move a record that was already written.
 */
export function planPartitions(
  topicMessages: readonly TopicMessages[],
  metadataOf: (topic: string) => PartitionMetadata[],
  partitioner: Partitioner,
): PartitionRecords[] {
  const plan = new Map<string, PartitionRecords>()
  for (const { topic, messages } of topicMessages) {
    const partitionMetadata = metadataOf(topic)
    for (const message of messages) {
      const partition = Number(partitioner({ topic, partitionMetadata, message }))
      const key = `${topic}/${partition}`
      const records = plan.get(key) ?? { topic, partition, messages: [] }
      records.messages.push(message)
      plan.set(key, records)
    }
  }
  return [...plan.values()]
}

/** Groups partitions by topic: the broker ignores a second entry for the same topic. */
export function groupByTopic<Item extends { readonly topic: string }, Entry>(
  items: readonly Item[],
  entryOf: (item: Item) => Entry,
): { topic: string; partitions: Entry[] }[] {
  const topics = new Map<string, Entry[]>()
  for (const item of items) topics.set(item.topic, [...(topics.get(item.topic) ?? []), entryOf(item)])
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}
