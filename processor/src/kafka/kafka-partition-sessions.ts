import { type Admin, isOverlayInstalled, type Kafka } from '@valence/producer-sdk/kafka'
import { openKafkaPartitionSession } from './kafka-partition-session.ts'
import { createLogOffsets } from './log-offsets.ts'
import { createOutputPartitions } from './output-partitions.ts'
import type { PartitionSessions } from './partition-session.ts'

export interface KafkaPartitionSessionsOptions {
  readonly producerKafka: Kafka
  readonly admin: Admin
  readonly groupId: string
  readonly outputTopics: readonly string[]
  readonly transactionTimeoutMs: number
  /** The codec number of the record batch format. */
  readonly compression: number
}

/** @throws VAL_KAFKA_TOPIC_MISSING, VAL_KAFKA_UNREACHABLE */
export async function createKafkaPartitionSessions(options: KafkaPartitionSessionsOptions): Promise<PartitionSessions> {
  const offsets = createLogOffsets(options.admin, options.groupId)
  const outputs = createOutputPartitions(options.admin, options.outputTopics)
  await outputs.refresh()
  const session = {
    kafka: options.producerKafka,
    groupId: options.groupId,
    transactionTimeoutMs: options.transactionTimeoutMs,
    compression: options.compression,
    offsets,
    batchAcrossPartitions: isOverlayInstalled(),
  }
  return {
    async open(partition) {
      await outputs.update()
      return openKafkaPartitionSession(session, partition)
    },
    range: (partition) => offsets.range(partition),
    outputPartition: (topic, key, inputPartition) => outputs.of(topic, key, inputPartition),
  }
}
