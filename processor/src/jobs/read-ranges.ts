import type { Config } from '../config/config.ts'
import { throwawayGroup } from '../kafka/group-names.ts'
import { createKafkaClient } from '../kafka/kafka-client.ts'
import type { RecordBatch } from '../kafka/record.ts'
import { type PartitionRange, readTopic } from '../kafka/topic-reader.ts'
import { silentLogger } from '../observability/logger.ts'

/** Reads ranges of a topic once. @param job part of the client id, shown in broker logs. @throws VAL_KAFKA_* */
export function readRanges(
  config: Config,
  job: 'backup' | 'bulk' | 'dlq' | 'replay',
  topic: string,
  ranges: readonly PartitionRange[],
): AsyncGenerator<RecordBatch> {
  return readTopic({
    kafka: createKafkaClient(config, `cli-${job}`, silentLogger),
    topic,
    groupId: throwawayGroup(config.kafkaGroupId),
    ranges,
    logger: silentLogger,
  })
}
