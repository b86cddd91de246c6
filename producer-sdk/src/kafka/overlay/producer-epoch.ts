import { AsyncLocalStorage } from 'node:async_hooks'
import { processWide } from './process-wide.ts'

const reads = processWide('producer-epoch-reads', () => new AsyncLocalStorage<{ epoch?: number }>())

/** Records the epoch that a broker assigns to a producer during `work`. */
export async function readingProducerEpoch<Result>(
  work: () => Promise<Result>,
): Promise<{ result: Result; epoch: number | undefined }> {
  const read: { epoch?: number } = {}
  const result = await reads.run(read, work)
  return { result, epoch: read.epoch }
}

/** Called when a producer gets an epoch from a broker. */
export function noteProducerEpoch(epoch: number): void {
  const read = reads.getStore()
  if (read) read.epoch = epoch
}
