import { isEpochMs } from '@valence/schemas'

/** What Kafka has where a record carries no timestamp. */
const noTimestamp = -1n

/** A time from outside, in epoch milliseconds, for people. Kafka's 64 bits hold times that no Date can. */
export function showTime(epochMs: number | bigint): string {
  if (BigInt(epochMs) === noTimestamp) return '(no time)'
  const date = Number(epochMs)
  return isEpochMs(date) ? new Date(date).toISOString() : `${epochMs} ms`
}
