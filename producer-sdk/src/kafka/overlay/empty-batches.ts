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
 * Hunk T. kafkajs passes over a batch that holds control or aborted records only, and its event does not tell from where
 * it was fetched. To a reader that has gone back meanwhile it looks as if nothing lay between. A consumer that takes
 * empty batches gets them like any other.
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
