import { isValenceError } from '@valence/schemas'
import type { Config } from '../../config/config.ts'
import { withAdmin } from '../../kafka/kafka-admin.ts'
import { fetchOffsetsAt } from '../../kafka/log-ranges.ts'
import type { PartitionRange } from '../../kafka/topic-reader.ts'
import {
  type FoundLetter,
  type LetterFilter,
  letterRanges,
  matches,
  readLetters,
  toFoundLetter,
} from './dead-letters.ts'

export interface ListedLetters {
  /** The newest matches, sorted oldest first. */
  readonly found: readonly FoundLetter[]
  /** Number of older matches that are not in `found`. */
  readonly hidden: number
}

/** The newest dead letters that match, `limit` of them at most. @throws VAL_KAFKA_* */
export async function listLetters(
  config: Config,
  filter: LetterFilter,
  limit: number,
  signal: AbortSignal,
): Promise<ListedLetters> {
  const found: FoundLetter[] = []
  let matched = 0
  for await (const { partition, records } of readLetters(config, await rangesSince(config, filter.since))) {
    const letters = records.map((record) => toFoundLetter(partition, record)).filter((own) => isMeant(filter, own))
    matched += letters.length
    found.push(...letters)
    keepNewest(found, limit)
    if (signal.aborted) break
  }
  return { found, hidden: matched - found.length }
}

function rangesSince(config: Config, since: number): Promise<PartitionRange[]> {
  return withAdmin(config, async (admin) => {
    const all = await letterRanges(admin, config.deadLetterTopic)
    if (!Number.isFinite(since)) return all
    // A dead letter is written after the failure, so no match has a record timestamp before `since`.
    const starts = await fetchOffsetsAt(admin, config.deadLetterTopic, since)
    return all.map((range) => ({ ...range, from: starts.get(range.partition) ?? range.from }))
  })
}

/** Records that are not dead letters of Valence match too, unless the filter has codes. */
function isMeant(filter: LetterFilter, { letter }: FoundLetter): boolean {
  return isValenceError(letter) ? filter.codes === undefined : matches(filter, letter)
}

/** Keeps the newest by time: batches of partitions arrive interleaved, so arrival order is not time order. */
export function keepNewest(found: FoundLetter[], limit: number): void {
  found.sort((a, b) => timeOf(a) - timeOf(b) || a.partition - b.partition || Number(a.record.offset - b.record.offset))
  found.splice(0, Math.max(0, found.length - limit))
}

function timeOf({ letter, record }: FoundLetter): number {
  return isValenceError(letter) ? Number(record.timestamp) : letter.failedAt
}
