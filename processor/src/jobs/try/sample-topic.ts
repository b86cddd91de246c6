import type { Config } from '../../config/config.ts'
import { withAdmin } from '../../kafka/kafka-admin.ts'
import { fetchLogRanges, type LogRange } from '../../kafka/log-ranges.ts'
import type { KafkaRecord } from '../../kafka/record.ts'
import type { PartitionRange } from '../../kafka/topic-reader.ts'
import { readRanges } from '../read-ranges.ts'

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
  for await (const batch of readRanges(config, 'try', topic, newestRanges(known, limit))) {
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
