import { type Admin, kafkaErrors, loadKafkaJs } from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'

/** Chooses output partitions the way Kafka's own clients do, so that a key's records stay in order. */
export interface OutputPartitions {
  /** Reads the partition counts. @throws VAL_KAFKA_TOPIC_MISSING, VAL_KAFKA_UNREACHABLE */
  refresh(): Promise<void>
  of(topic: string, key: Buffer | null, inputPartition: number): number
}

type Partitioner = ReturnType<ReturnType<typeof loadKafkaJs>['Partitioners']['DefaultPartitioner']>
type Metadata = Parameters<Partitioner>[0]['partitionMetadata']

export function createOutputPartitions(admin: Admin, topics: readonly string[]): OutputPartitions {
  const partitioner = loadKafkaJs().Partitioners.DefaultPartitioner()
  let metadata = new Map<string, Metadata>()

  return {
    async refresh() {
      try {
        const found = await admin.fetchTopicMetadata({ topics: [...topics] })
        metadata = new Map(found.topics.map(({ name, partitions }) => [name, partitions]))
      } catch (error) {
        throw kafkaErrors.toValenceError(error, 'VAL_KAFKA_UNREACHABLE')
      }
    },

    of(topic, key, inputPartition) {
      const partitions = metadata.get(topic)
      if (partitions === undefined) throw new ValenceError('VAL_KAFKA_TOPIC_MISSING', topic)
      // Without a key the input partition decides, so that records that came in order go out in order.
      if (key === null) return inputPartition % partitions.length
      // Leaders play no part in a key's partition, so a partition without one must not move the key.
      return partitioner({ topic, partitionMetadata: partitions, message: { key, value: null } })
    },
  }
}
