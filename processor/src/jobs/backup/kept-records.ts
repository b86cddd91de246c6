import { gunzipSync, gzipSync } from 'node:zlib'
import { type Admin, messageHeaders, type Producer } from '@valence/producer-sdk/kafka'
import type { Config } from '../../config/config.ts'
import { fetchWholeLogs } from '../../kafka/log-ranges.ts'
import { bytesOf, type KafkaRecord } from '../../kafka/record.ts'
import type { TopicPartition } from '../../kafka/topic-partition.ts'
import type { PartitionRange } from '../../kafka/topic-reader.ts'
import { readRanges } from '../read-ranges.ts'
import type { BackupStorage } from './backup-storage.ts'
import { fromLine, toLine } from './kept-line.ts'

const segmentBytes = 16 * 1024 * 1024

/** Folder of the segments of a topic. A topic that was deleted and created again has a new id and a new folder. */
export const segmentFolder = (topic: string, topicId: string | undefined) =>
  topicId === undefined ? `records/${topic}` : `records/${topic}/${topicId}`
/** Zero-padded, so that names sort in the order of their offsets. */
const padded = (offset: bigint) => offset.toString().padStart(19, '0')

/** Ranges of a topic that are not in the backup yet. @param from start by partition; if undefined, the log start */
export async function rangesToKeep(
  admin: Admin,
  topic: string,
  from: (partition: number) => bigint | undefined,
): Promise<PartitionRange[]> {
  const logs = await fetchWholeLogs(admin, topic)
  return logs.map(({ partition, low, high }) => {
    const begin = from(partition) ?? 0n
    // A position outside the log is of an earlier topic of the name, or deleted by retention: start at the log start.
    const isInside = begin >= low && begin <= high
    return { partition, from: isInside ? begin : low, to: high }
  })
}

/** Writes the ranges as segments; returns the number of records. */
export async function keepRecords(
  config: Config,
  storage: BackupStorage,
  { topic, folder }: { readonly topic: string; readonly folder: string },
  ranges: readonly PartitionRange[],
): Promise<number> {
  const open = new Map<number, { from: bigint; lines: string[]; bytes: number; next: bigint }>()
  let records = 0
  const flush = async (partition: number) => {
    const segment = open.get(partition)
    open.delete(partition)
    if (segment === undefined || segment.lines.length === 0) return
    const name = `${folder}/${partition}/${padded(segment.from)}-${padded(segment.next)}.jsonl.gz`
    await storage.put(name, gzipSync(`${segment.lines.join('\n')}\n`))
  }
  for await (const batch of readRanges(config, 'backup', topic, ranges)) {
    const segment = open.get(batch.partition) ?? { from: batch.fetchedOffset, lines: [], bytes: 0, next: 0n }
    open.set(batch.partition, segment)
    for (const record of batch.records) {
      const line = toLine(record)
      segment.lines.push(line)
      segment.bytes += line.length
    }
    segment.next = batch.nextOffset
    records += batch.records.length
    if (segment.bytes >= segmentBytes) await flush(batch.partition)
  }
  for (const partition of [...open.keys()]) await flush(partition)
  return records
}

/** The records of a partition in the backup, by offset, each once, up to `end` (exclusive). */
export async function* readKept(
  storage: BackupStorage,
  folder: string,
  partition: number,
  end: bigint,
): AsyncGenerator<KafkaRecord[]> {
  let next = 0n
  for (const name of await storage.list(`${folder}/${partition}/`)) {
    const bytes = await storage.get(name)
    const lines = bytes === undefined ? [] : gunzipSync(bytes).toString('utf8').trimEnd().split('\n')
    // Segments can overlap: an interrupted backup leaves segments, and the next run writes the same records again.
    const records = lines.map(fromLine).filter(({ offset }) => offset >= next && offset < end)
    next = (records.at(-1)?.offset ?? next - 1n) + 1n
    yield records
  }
}

const batchRecords = 500
/** A topic accepts batches of 1 MiB (max.message.bytes) by default. */
const batchBytes = 512 * 1024
/** Limit for exact timestamps: kafkajs computes their difference to the first of the batch in Numbers. */
const maxExactTime = BigInt(Number.MAX_SAFE_INTEGER) / 2n

/**
 * Splits records into batches, in order, each within `batchBytes`; a larger record is alone. A timestamp beyond
 * `maxExactTime` starts its own batch: there it is exact.
 */
function batchesOf(records: readonly KafkaRecord[]): KafkaRecord[][] {
  const batches: KafkaRecord[][] = []
  let isOpen = false
  let bytes = 0
  for (const record of records) {
    const isExact = record.timestamp <= maxExactTime && record.timestamp >= -maxExactTime
    const last = batches.at(-1)
    bytes += bytesOf(record)
    if (isExact && isOpen && last !== undefined && last.length < batchRecords && bytes <= batchBytes) last.push(record)
    else {
      batches.push([record])
      bytes = bytesOf(record)
    }
    isOpen = isExact
  }
  return batches
}

/** Produces records to their original partition. @param compression a number of kafkajs's `CompressionTypes` */
export async function sendRestored(
  producer: Producer,
  compression: number,
  { topic, partition }: TopicPartition,
  records: readonly KafkaRecord[],
): Promise<void> {
  for (const batch of batchesOf(records)) {
    await producer.send({
      topic,
      acks: -1,
      compression,
      messages: batch.map(({ key, value, headers, timestamp }) => ({
        ...{ key, value, partition, timestamp: String(timestamp) },
        headers: messageHeaders(headers),
      })),
    })
  }
}
