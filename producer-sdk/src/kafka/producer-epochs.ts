import type { Producer, Transaction } from 'kafkajs'
import { readingProducerEpoch } from './overlay/producer-epoch.ts'

/**
 * Begins a transaction and tells whether an earlier producer had the same transactional id: then the broker counts its
 * epoch up instead of beginning with 0. Undefined without the overlay, and where the producer has its epoch already.
 */
export async function beginTransaction(
  producer: Producer,
): Promise<{ transaction: Transaction; hadPredecessor: boolean | undefined }> {
  const { result: transaction, epoch } = await readingProducerEpoch(() => producer.transaction())
  return { transaction, hadPredecessor: epoch === undefined ? undefined : epoch > 0 }
}
