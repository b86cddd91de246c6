import type { RecordBatch } from './record.ts'
import type { RecordSource } from './record-source.ts'
import { partitionName, type TopicPartition } from './topic-partition.ts'

export interface OrderedReadingOptions {
  readonly source: RecordSource
  /** The offset to read next; undefined where nothing of the partition is wanted, any more or at all. */
  readonly positionOf: (partition: TopicPartition) => bigint | undefined
  /** One batch of a partition at a time, each beginning at its position; moves the position before it resolves. */
  readonly onBatch: (batch: RecordBatch) => Promise<void>
  readonly onFatal: (error: Error) => void
}

export interface OrderedReading {
  /** `positionOf` tells another position than it did. */
  moved(partition: TopicPartition): void
}

/**
 * Reads partitions from positions that are kept outside the group. A batch from anywhere else (fetched before a seek took
 * effect, or while the one before is still at work) is dropped, and the source is sent back to where it should be: it
 * believes that what it handed over is done, and would go on behind it.
 */
export async function startOrderedReading(options: OrderedReadingOptions): Promise<OrderedReading> {
  const { source, positionOf, onFatal } = options
  const busy = new Set<string>()
  const astray = new Set<string>()

  function goOn(partition: TopicPartition, isAstray: boolean): void {
    const position = positionOf(partition)
    if (position === undefined) {
      source.pause(partition)
      return
    }
    if (isAstray) source.seek(partition, position)
    source.resume(partition)
  }

  async function handle(batch: RecordBatch): Promise<void> {
    const name = partitionName(batch)
    busy.add(name)
    source.pause(batch)
    await options.onBatch(batch).finally(batch.release)
    busy.delete(name)
    goOn(batch, astray.delete(name))
  }

  await source.start({
    onAssigned({ partitions }) {
      for (const partition of partitions) {
        const name = partitionName(partition)
        if (busy.has(name)) astray.add(name)
        else goOn(partition, true)
      }
    },
    onBatch(batch) {
      const name = partitionName(batch)
      if (!busy.has(name) && batch.fetchedOffset === positionOf(batch)) {
        handle(batch).catch(onFatal)
        return
      }
      batch.release?.()
      if (busy.has(name)) astray.add(name)
      else goOn(batch, true)
    },
    onUnreadable: (_partition, error) => onFatal(error),
    onFatal,
  })
  return {
    moved(partition) {
      const name = partitionName(partition)
      if (busy.has(name)) astray.add(name)
      else goOn(partition, true)
    },
  }
}
