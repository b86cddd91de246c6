import type { Kafka } from '@valence/producer-sdk/kafka'
import type { Logger } from '../runtime/logger.ts'
import { joinPatiently } from './join-patiently.ts'
import { createKafkaRecordSource } from './kafka-record-source.ts'
import { partitionName, type RecordBatch } from './record.ts'
import type { RecordSource } from './record-source.ts'

/** What to read of one partition: from `from` until before `to`. */
export interface PartitionRange {
  readonly partition: number
  readonly from: bigint
  readonly to: bigint
}

export interface TopicReaderOptions {
  /** A client of its own. */
  readonly kafka: Kafka
  readonly topic: string
  /** A throw-away group; nothing is committed to it. */
  readonly groupId: string
  readonly ranges: readonly PartitionRange[]
  readonly logger: Logger
}

const sessionTimeoutMs = 30_000

/**
 * Reads ranges of a topic, committed records only, and ends when all are read. The next batch of a partition is
 * fetched when the loop comes back for more. Batches hold nothing outside their range. @throws VAL_KAFKA_*
 */
export async function* readTopic(options: TopicReaderOptions): AsyncGenerator<RecordBatch> {
  const wanted = options.ranges.filter(({ from, to }) => from < to)
  if (wanted.length === 0) return
  const ranges = new Map(wanted.map((range) => [partitionName({ ...range, topic: options.topic }), range]))
  const positions = new Map([...ranges].map(([name, { from }]) => [name, from]))
  const inbox = new Inbox()
  const source = await openSource(options, positions, inbox)
  try {
    while (positions.size > 0) {
      const batch = await inbox.take()
      const name = partitionName(batch)
      const [position, range] = [positions.get(name), ranges.get(name)]
      // A batch that was fetched before a seek took effect.
      if (position === undefined || range === undefined || batch.fetchedOffset !== position) continue
      const isLast = batch.nextOffset >= range.to
      if (isLast) positions.delete(name)
      else positions.set(name, batch.nextOffset)
      yield clip(batch, position, range.to)
      if (!isLast) source.resume(batch)
    }
  } finally {
    await source.stop({ leaveGroup: true })
  }
}

/** A member of the group that hands what it reads to the inbox. */
function openSource(
  { kafka, groupId, topic, logger }: TopicReaderOptions,
  positions: ReadonlyMap<string, bigint>,
  inbox: Inbox,
): Promise<RecordSource> {
  return joinPatiently(async () => {
    const source = createKafkaRecordSource({
      kafka,
      groupId,
      topics: [topic],
      sessionTimeoutMs,
      fromBeginning: true,
      logger,
    })
    await source.start({
      onAssigned(partitions) {
        for (const partition of partitions) {
          const position = positions.get(partitionName(partition))
          if (position === undefined) continue
          source.seek(partition, position)
          source.resume(partition)
        }
      },
      onBatch(batch) {
        source.pause(batch)
        inbox.put(batch)
      },
      onUnreadable: (_partition, error) => inbox.fail(error),
      onFatal: (error) => inbox.fail(error),
    })
    return source
  })
}

function clip(batch: RecordBatch, from: bigint, to: bigint): RecordBatch {
  return {
    ...batch,
    nextOffset: batch.nextOffset < to ? batch.nextOffset : to,
    records: batch.records.filter(({ offset }) => offset >= from && offset < to),
  }
}

/** Batches that wait for the reader; a failure comes before them. */
class Inbox {
  readonly #batches: RecordBatch[] = []
  #failure: Error | undefined
  #wake: (() => void) | undefined

  put(batch: RecordBatch): void {
    this.#batches.push(batch)
    this.#wake?.()
  }

  fail(error: Error): void {
    this.#failure = error
    this.#wake?.()
  }

  async take(): Promise<RecordBatch> {
    for (;;) {
      if (this.#failure) throw this.#failure
      const batch = this.#batches.shift()
      if (batch) return batch
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
