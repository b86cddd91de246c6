import { ValenceError } from '@valence/schemas'
import { batchListenerOf } from './batch-listener.ts'
import type { OversizedRecords } from './decode-messages.ts'

interface FetchedBatch {
  readonly topic: string
  readonly partition: number
  readonly fetchedOffset: string
  readonly rawMessages: OversizedRecords
}

interface ConsumerGroup {
  readonly cluster: object
}

export interface BoundedGroupClass {
  readonly prototype: ConsumerGroup & { fetch(nodeId: number): Promise<FetchedBatch[]> }
}

/**
 * Hunk M, the reading side: reports a batch above the decompression limit for its partition; other partitions continue.
 */
export function reportOversizedBatches(groupClass: BoundedGroupClass): void {
  const innerFetch = groupClass.prototype.fetch
  groupClass.prototype.fetch = async function fetch(this: ConsumerGroup, nodeId) {
    const batches = await innerFetch.call(this, nodeId)
    for (const { topic, partition, fetchedOffset, rawMessages } of batches) {
      const { limitBytes } = rawMessages
      if (limitBytes === undefined) continue
      const onOversized = batchListenerOf(this.cluster)?.onOversized
      const at = `${topic}-${partition} at ${fetchedOffset}: more than ${limitBytes} bytes`
      if (onOversized === undefined) throw new ValenceError('VAL_KAFKA_BATCH_TOO_LARGE', at)
      onOversized({ topic, partition, fetchedOffset: BigInt(fetchedOffset), limitBytes })
    }
    return batches.filter(({ rawMessages }) => rawMessages.limitBytes === undefined)
  }
}
