import type { Config } from '../config/config.ts'
import { silentLogger } from '../observability/logger.ts'
import { throwawayGroup } from './group-names.ts'
import { withAdmin } from './kafka-admin.ts'
import { createKafkaClient } from './kafka-client.ts'
import { fetchLogRanges, type LogRange } from './log-ranges.ts'
import type { KafkaRecord } from './record.ts'
import { type PartitionRange, readTopic } from './topic-reader.ts'

/** A record of the sample; it owns its bytes. */
export interface SampledRecord {
  readonly partition: number
  readonly record: KafkaRecord
}

export interface TopicSample {
  /** The newest records of each partition, by partition and offset. */
  readonly records: readonly SampledRecord[]
  /** Offsets in the log: about the number of its records. */
  readonly offsets: bigint
}

/** The last offsets of each log, shared out among the partitions that have any. */
export function newestRanges(logs: readonly LogRange[], limit: number): PartitionRange[] {
  const filled = logs.filter(({ low, high }) => low < high)
  const share = BigInt(Math.max(1, Math.ceil(limit / Math.max(1, filled.length))))
  return filled.map(({ partition, low, high }) => ({
    partition,
    from: high - share > low ? high - share : low,
    to: high,
  }))
}

/**
 * Reads the newest records of a topic, `limit` of them at most, and commits nothing. Transactions leave offsets without a
 * record, so there can be fewer. @throws VAL_KAFKA_*
 */
export async function sampleTopic(
  config: Config,
  topic: string,
  limit: number,
  signal: AbortSignal,
): Promise<TopicSample> {
  const { known } = await withAdmin(config, (admin) => fetchLogRanges(admin, topic))
  const records: SampledRecord[] = []
  const batches = readTopic({
    kafka: createKafkaClient(config, 'cli-sample', silentLogger),
    topic,
    groupId: throwawayGroup(config.kafkaGroupId),
    ranges: newestRanges(known, limit),
    logger: silentLogger,
  })
  for await (const batch of batches) {
    records.push(...batch.records.map((record) => ({ partition: batch.partition, record: ownedBy(record) })))
    if (signal.aborted) break
  }
  records.sort((a, b) => a.partition - b.partition || Number(a.record.offset - b.record.offset))
  return { records: records.slice(0, limit), offsets: known.reduce((sum, { low, high }) => sum + high - low, 0n) }
}

function ownedBy(record: KafkaRecord): KafkaRecord {
  const copy = (bytes: Buffer | null) => bytes && Buffer.from(bytes)
  const headers = record.headers.map(({ name, value }) => ({ name, value: copy(value) }))
  return { ...record, key: copy(record.key), value: copy(record.value), headers }
}
