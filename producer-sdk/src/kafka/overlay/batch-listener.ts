import { processWide } from './process-wide.ts'

/** Where a batch lies that cannot be read. */
export interface OversizedBatch {
  readonly topic: string
  readonly partition: number
  /** The offset that was asked for. */
  readonly fetchedOffset: bigint
  readonly limitBytes: number
}

/** What a consumer wants to be told of its batches. */
export interface BatchListener {
  /** Without it the consumer crashes at such a batch. */
  onOversized?: ((batch: OversizedBatch) => void) | undefined
  /** `eachBatch` gets batches of which nothing is left for it. */
  takesEmpty?: boolean | undefined
}

const listeners = processWide('batch-listeners', () => new WeakMap<object, BatchListener>())

/** For the consumer that owns this cluster. */
export function setBatchListener(cluster: object, listener: BatchListener): void {
  listeners.set(cluster, listener)
}

export function batchListenerOf(cluster: object): BatchListener | undefined {
  return listeners.get(cluster)
}
