import { batchListenerOf } from './batch-listener.ts'

interface FetchedBatch {
  isEmpty(): boolean
  isEmptyDueToFiltering(): boolean
}

export interface FilteringGroupClass {
  readonly prototype: { readonly cluster: object; fetch(nodeId: number): Promise<FetchedBatch[]> }
}

const no = () => false

/**
 * Hunk T. kafkajs skips a batch with only control or aborted records, and its event has no fetch offset. A reader that
 * has seeked back meanwhile cannot distinguish this from missing records. With this option, `eachBatch` gets such
 * batches.
 */
export function handOverEmptyBatches({ prototype }: FilteringGroupClass): void {
  const innerFetch = prototype.fetch
  prototype.fetch = async function fetch(this: FilteringGroupClass['prototype'], nodeId) {
    const batches = await innerFetch.call(this, nodeId)
    if (!batchListenerOf(this.cluster)?.takesEmpty) return batches
    for (const batch of batches) {
      if (batch.isEmptyDueToFiltering()) Object.assign(batch, { isEmpty: no, isEmptyDueToFiltering: no })
    }
    return batches
  }
}
