import type { KafkaRecord, RecordBatch } from '@valence/processor/kafka/record'

export function kafkaRecord(offset: number, fields: Partial<KafkaRecord> = {}): KafkaRecord {
  const value = Buffer.from(`text ${offset}`)
  return {
    offset: BigInt(offset),
    timestamp: BigInt(1_700_000_000_000 + offset),
    key: null,
    value,
    headers: [],
    ...fields,
  }
}

/** A batch of the offsets from `first` up to, not including, `end`. */
export function recordBatch(first: number, end: number, fields: Partial<RecordBatch> = {}): RecordBatch {
  return {
    topic: 'texts',
    partition: 0,
    fetchedOffset: BigInt(first),
    nextOffset: BigInt(end),
    highWatermark: BigInt(end),
    records: Array.from({ length: end - first }, (_, index) => kafkaRecord(first + index)),
    ...fields,
  }
}
