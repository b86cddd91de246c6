import type { ICustomPartitioner, Kafka, Message } from 'kafkajs'
import { kafkaJsOf } from './client.ts'

/**
 * kafkajs's default partitioner (murmur2 of the key, like the Java client), which records its choice for each message.
 */
export function recordingPartitioner(kafka: Kafka, chosen: WeakMap<Message, number>): ICustomPartitioner {
  const { DefaultPartitioner } = kafkaJsOf(kafka).Partitioners
  return () => {
    const partitionOf = DefaultPartitioner()
    return (args) => {
      const partition = partitionOf(args)
      chosen.set(args.message, partition)
      return partition
    }
  }
}
