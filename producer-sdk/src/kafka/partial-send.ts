import type { RecordMetadata } from 'kafkajs'
import { acknowledgementsBefore } from './overlay/produce-batch.ts'

/** The partitions written although the send was rejected with this error; empty without the overlay. */
export function acknowledgedDespite(error: unknown): readonly RecordMetadata[] {
  return acknowledgementsBefore(error)
}
