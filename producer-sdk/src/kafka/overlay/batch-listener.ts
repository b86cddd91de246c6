import { processWide } from './process-wide.ts'

/** Position of an unreadable batch. */
export interface OversizedBatch {
  readonly topic: string
  readonly partition: number
  /** The requested offset. */
  readonly fetchedOffset: bigint
  readonly limitBytes: number
}

/** Callbacks and options of a consumer for special batches. */
export interface BatchListener {
  /** Without it, such a batch crashes the consumer. */
  onOversized?: ((batch: OversizedBatch) => void) | undefined
  /** `eachBatch` also gets batches without remaining messages. */
  takesEmpty?: boolean | undefined
}

const listeners = processWide('batch-listeners', () => new WeakMap<object, BatchListener>())

/** Sets the listener of the consumer that owns this cluster. */
export function setBatchListener(cluster: object, listener: BatchListener): void {
  listeners.set(cluster, listener)
}

export function batchListenerOf(cluster: object): BatchListener | undefined {
  return listeners.get(cluster)
}
