import type { Kafka } from '@valence/producer-sdk/kafka'
import type { Logger } from '../observability/logger.ts'
import { retryForCommand } from '../platform/retry-for-command.ts'
import { createKafkaRecordSource } from './kafka-record-source.ts'
import { startOrderedReading } from './ordered-reading.ts'
import type { RecordBatch } from './record.ts'
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
  const positions = new Map(wanted.map(({ partition, from }) => [partition, from]))
  const ends = new Map(wanted.map(({ partition, to }) => [partition, to]))
  const inbox = new Inbox()
  const source = await openSource(options, positions, inbox)
  try {
    while (positions.size > 0) {
      const { batch, release } = await inbox.take()
      const [from, to] = [batch.fetchedOffset, ends.get(batch.partition) ?? batch.fetchedOffset]
      if (batch.nextOffset >= to) positions.delete(batch.partition)
      else positions.set(batch.partition, batch.nextOffset)
      yield clip(batch, from, to)
      release()
    }
  } finally {
    await source.stop({ leaveGroup: true })
  }
}

/** A member of the group that hands what it reads to the inbox. */
function openSource(
  { kafka, groupId, topic, logger }: TopicReaderOptions,
  positions: ReadonlyMap<number, bigint>,
  inbox: Inbox,
): Promise<RecordSource> {
  return retryForCommand(async () => {
    const source = createKafkaRecordSource({
      kafka,
      groupId,
      topics: [topic],
      sessionTimeoutMs,
      fromBeginning: true,
      logger,
    })
    await startOrderedReading({
      source,
      positionOf: ({ partition }) => positions.get(partition),
      onBatch: (batch) => inbox.put(batch),
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

interface Delivery {
  readonly batch: RecordBatch
  /** The reader is done with it. */
  readonly release: () => void
}

/** Batches that wait for the reader; a failure comes before them. */
class Inbox {
  readonly #deliveries: Delivery[] = []
  #failure: Error | undefined
  #wake: (() => void) | undefined

  /** Resolves when the reader has released the batch. */
  put(batch: RecordBatch): Promise<void> {
    const { promise, resolve: release } = Promise.withResolvers<void>()
    this.#deliveries.push({ batch, release })
    this.#wake?.()
    return promise
  }

  fail(error: Error): void {
    this.#failure = error
    this.#wake?.()
  }

  async take(): Promise<Delivery> {
    for (;;) {
      if (this.#failure) throw this.#failure
      const delivery = this.#deliveries.shift()
      if (delivery) return delivery
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
