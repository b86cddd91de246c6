import { type DeadLetter, errorRowOf, isValenceError, originalHeaders } from '@valence/schemas'
import type { KafkaRecord, OutgoingRecord } from '../../kafka/record.ts'
import { type FoundLetter, type LetterFilter, matches } from './dead-letters.ts'

/** Maximum number of letters per transaction. */
export const lettersPerTransaction = 200

/** A slice of one partition that is settled in one transaction. */
export interface ReplayStep {
  readonly outgoing: readonly OutgoingRecord[]
  /** The dead letters of `outgoing`, in the same order. */
  readonly letters: readonly KafkaRecord[]
  readonly skipped: number
  readonly nextOffset: bigint
  /** True if this run ends here for the partition. */
  readonly isLast: boolean
}

/**
 * Cuts the letters of one batch into transactions.
 * @param nextOffset the offset after the batch
 * @param room number of letters that may still be replayed; called before each letter
 * @param most maximum number of letters per transaction
 */
export function* planReplay(
  found: readonly FoundLetter[],
  nextOffset: bigint,
  filter: LetterFilter,
  room: () => number,
  most = lettersPerTransaction,
): Generator<ReplayStep> {
  let outgoing: OutgoingRecord[] = []
  let letters: KafkaRecord[] = []
  let skipped = 0
  let settled = 0
  for (const one of found) {
    const { letter, record } = one
    // Stop at failures from `until` on. Committing an offset past them would make later runs of the group skip them.
    const isLater = !isValenceError(letter) && letter.failedAt >= filter.until
    if (isLater || outgoing.length >= room())
      return yield { outgoing, letters, skipped, nextOffset: record.offset, isLast: true }
    const original = toOriginal(one, filter)
    if (original) {
      outgoing.push(original)
      letters.push(record)
    } else skipped += 1
    settled += 1
    if (settled < most) continue
    yield { outgoing, letters, skipped, nextOffset: record.offset + 1n, isLast: false }
    outgoing = []
    letters = []
    skipped = 0
    settled = 0
  }
  yield { outgoing, letters, skipped, nextOffset, isLast: false }
}

/** The original record. Undefined if it does not match, is not a dead letter, or has no content. */
function toOriginal({ letter, record }: FoundLetter, filter: LetterFilter): OutgoingRecord | undefined {
  if (isValenceError(letter) || !matches(filter, letter) || isWithoutContent(letter)) return undefined
  const { topic, partition } = letter.origin
  return { topic, partition, key: letter.key, value: letter.value, headers: originalHeaders(record.headers) }
}

/** True if the broker refused the whole dead letter, so that it was written with headers only. */
function isWithoutContent({ code, value }: Pick<DeadLetter, 'code' | 'value'>): boolean {
  return errorRowOf(code)?.partition === 'isolate' && value?.length === 0
}
