import { type Admin, kafkaErrors, murmur2 } from '@valence/producer-sdk/kafka'
import { isValenceError, ValenceError } from '@valence/schemas'
import { nameMissingTopic } from './name-missing-topic.ts'

/** Chooses output partitions the way Kafka's own clients do, so that a key's records stay in order. */
export interface OutputPartitions {
  /** Reads the partition counts. @throws VAL_KAFKA_TOPIC_MISSING, VAL_KAFKA_UNREACHABLE */
  refresh(): Promise<void>
  /** Reads them anew and forgets a topic that is gone: who does not write to it works on. @throws VAL_KAFKA_UNREACHABLE */
  update(): Promise<void>
  /** @throws VAL_KAFKA_TOPIC_MISSING */
  of(topic: string, key: Buffer | null, inputPartition: number): number
}

export function createOutputPartitions(admin: Admin, topics: readonly string[]): OutputPartitions {
  let counts = new Map<string, number>()

  async function read(topic: string): Promise<number> {
    try {
      const found = await admin.fetchTopicMetadata({ topics: [topic] }).catch(nameMissingTopic(topic))
      return found.topics.find(({ name }) => name === topic)?.partitions.length ?? 0
    } catch (error) {
      throw kafkaErrors.toValenceError(error, 'VAL_KAFKA_UNREACHABLE')
    }
  }

  return {
    async refresh() {
      counts = new Map(await Promise.all(topics.map(async (topic) => [topic, await read(topic)] as const)))
    },

    async update() {
      for (const topic of topics) {
        try {
          counts.set(topic, await read(topic))
        } catch (error) {
          if (!isValenceError(error) || error.code !== 'VAL_KAFKA_TOPIC_MISSING') throw error
          counts.delete(topic)
        }
      }
    },

    of(topic, key, inputPartition) {
      const count = counts.get(topic)
      if (count === undefined) throw new ValenceError('VAL_KAFKA_TOPIC_MISSING', topic)
      // Without a key the input partition decides, so that records that came in order go out in order.
      if (key === null) return inputPartition % count
      // Leaders play no part in a key's partition, so a partition without one must not move the key.
      return (murmur2(key) & 0x7fff_ffff) % count
    },
  }
}
