import { type DeadLetter, errorRowOf, isValenceError, originalHeaders } from '@valence/schemas'
import type { KafkaRecord, OutgoingRecord } from '../../kafka/record.ts'
import { type FoundLetter, type LetterFilter, matches } from './dead-letters.ts'

/** Letters settled in one transaction, at most. */
export const lettersPerTransaction = 200

/** A slice of one partition that is settled in one transaction. */
export interface ReplayStep {
  readonly outgoing: readonly OutgoingRecord[]
  /** The letters of `outgoing`, one for each. */
  readonly letters: readonly KafkaRecord[]
  readonly skipped: number
  readonly nextOffset: bigint
  /** Nothing after this slice is to be settled by this run. */
  readonly isLast: boolean
}

/**
 * Cuts the letters of one batch into transactions.
 * @param nextOffset the offset after the batch
 * @param room letters that may still be replayed; asked before each one
 * @param most letters in one transaction
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
    // Later failures stay for a later run; passing over them would lose them for this group.
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

/** The record as it was; undefined where it is not meant, is no dead letter, or came without its content. */
function toOriginal({ letter, record }: FoundLetter, filter: LetterFilter): OutgoingRecord | undefined {
  if (isValenceError(letter) || !matches(filter, letter) || isWithoutContent(letter)) return undefined
  const { topic, partition } = letter.origin
  return { topic, partition, key: letter.key, value: letter.value, headers: originalHeaders(record.headers) }
}

/** Where not even the dead letter was taken by the broker, only its headers were kept. */
function isWithoutContent({ code, value }: Pick<DeadLetter, 'code' | 'value'>): boolean {
  return errorRowOf(code)?.partition === 'isolate' && value?.length === 0
}
