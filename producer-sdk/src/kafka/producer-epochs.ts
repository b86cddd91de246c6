import type { Producer, Transaction } from 'kafkajs'
import { readingProducerEpoch } from './overlay/producer-epoch.ts'

/**
 * Begins a transaction and returns whether an earlier producer used the same transactional id: the broker then
 * increments the epoch instead of starting at 0. Undefined without the overlay, and if the producer already has its
 * epoch.
 */
export async function beginTransaction(
  producer: Producer,
): Promise<{ transaction: Transaction; hadPredecessor: boolean | undefined }> {
  const { result: transaction, epoch } = await readingProducerEpoch(() => producer.transaction())
  return { transaction, hadPredecessor: epoch === undefined ? undefined : epoch > 0 }
}
