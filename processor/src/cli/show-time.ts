import { isEpochMs } from '@valence/schemas'

/** What Kafka has where a record carries no timestamp. */
const noTimestamp = -1

/** A time from outside, in epoch milliseconds, for people. Kafka's 64 bits hold times that no Date can. */
export function showTime(epochMs: number): string {
  if (epochMs === noTimestamp) return '(no time)'
  return isEpochMs(epochMs) ? new Date(epochMs).toISOString() : `${epochMs} ms`
}
