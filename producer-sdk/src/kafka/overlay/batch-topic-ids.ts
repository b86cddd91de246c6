import { processWide } from './process-wide.ts'
import { askForTopicIds, type MetadataBroker, type MetadataInternals } from './topic-ids.ts'

interface FetchedBatch {
  readonly topic: string
  readonly rawMessages: readonly unknown[]
  topicId?: string | undefined
}

interface ConsumerGroup {
  readonly cluster: object & { findBroker(options: { nodeId: number }): Promise<MetadataBroker> }
  recoverFromFetch(error: unknown): Promise<void>
}

export interface BatchingGroupClass {
  readonly prototype: ConsumerGroup & { fetch(nodeId: number): Promise<FetchedBatch[]> }
}

const labelled = processWide('labelled-batches', () => new WeakSet<object>())

/** Adds the topic id to the batches of the consumer that owns this cluster. */
export function labelBatches(cluster: object): void {
  labelled.add(cluster)
}

/**
 * Hunk L, the reading side. kafkajs fetches by topic name, so it continues in a topic that was deleted and created
 * again.
 * After each fetch, the answering broker is asked for the topic ids. A broker knows a new topic before it serves its
 * records, and ids are never reused, so records of another topic cannot have the old id.
 */
export function addBatchTopicIds(groupClass: BatchingGroupClass, internals: MetadataInternals): void {
  const stockFetch = groupClass.prototype.fetch
  groupClass.prototype.fetch = async function fetch(this: ConsumerGroup, nodeId) {
    const batches = await stockFetch.call(this, nodeId)
    const filled = batches.filter(({ rawMessages }) => rawMessages.length > 0)
    if (filled.length === 0 || !labelled.has(this.cluster)) return batches
    try {
      const broker = await this.cluster.findBroker({ nodeId })
      const ids = await askForTopicIds(broker, [...new Set(filled.map(({ topic }) => topic))], internals)
      for (const batch of filled) batch.topicId = ids?.get(batch.topic)
      return batches
    } catch (error) {
      // No batch was delivered, so the next fetch returns the same records.
      await this.recoverFromFetch(error)
      return []
    }
  }
}
