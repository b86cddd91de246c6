import { isEpochMs } from '@valence/schemas'

/** Kafka's timestamp of a record without one. */
const noTimestamp = -1n

/** Formats epoch milliseconds as ISO 8601; as `… ms` if out of the range of Date, which is smaller than 64 bits. */
export function showTime(epochMs: number | bigint): string {
  if (BigInt(epochMs) === noTimestamp) return '(no time)'
  const date = Number(epochMs)
  return isEpochMs(date) ? new Date(date).toISOString() : `${epochMs} ms`
}
