import { ownHeaders, ValenceError } from '@valence/schemas'
import type { OutgoingRecord } from '../kafka/record.ts'
import type { TopicPartition } from '../kafka/topic-partition.ts'
import type { Publication } from './commit.ts'
import type { DecodeStep } from './decode.ts'
import type { RecordSlice } from './partition-queue.ts'
import type { Refusal } from './refusal-search.ts'
import type { RecordResult, ScoreStep } from './score-batch.ts'

export interface PrepareOptions {
  readonly signal: AbortSignal
  /** The broker's refusal of this record; set only for a slice of one record. */
  readonly refusal: Refusal | undefined
}

/** decode → score → encode: everything that happens to a slice before its transaction begins. */
export type PrepareStep = (from: TopicPartition, slice: RecordSlice, options: PrepareOptions) => Promise<Publication>

/** What a slice goes through; encode takes all of its outcomes. */
export interface PrepareSteps {
  readonly decode: DecodeStep
  readonly score: ScoreStep
  readonly encode: (outcomes: readonly RecordResult[], from: TopicPartition) => OutgoingRecord[]
}

export function createPrepareStep(steps: PrepareSteps): PrepareStep {
  return async (from, slice, { signal, refusal }) => {
    const decoded = await steps.decode(slice.records)
    const scored = await steps.score(decoded, signal)
    const outcomes = refusal === undefined ? scored : scored.map((outcome) => refuse(outcome, refusal))
    const outgoing = steps.encode(outcomes, from)
    if (refusal === undefined) return { from, slice, outcomes, outgoing }
    // For a record that became a dead letter anyway, the first refusal was that of its letter.
    const refusedLetters = scored.some(({ kind }) => kind === 'rejected') ? refusal.times : refusal.times - 1
    return { from, slice, outcomes, outgoing: outgoing.map((letter) => reduce(letter, refusedLetters)) }
  }
}

/** A reduced letter drops longer keys. Shorter ones stay: a compacted topic refuses a record without a key. */
const maxKeptKeyBytes = 1_024

/** The broker refused this record's result, so the record becomes a dead letter. */
function refuse(outcome: RecordResult, { code, detail }: Refusal): RecordResult {
  const reason = outcome.kind === 'rejected' ? `${detail ?? code}; rejected as ${outcome.error.code} before` : detail
  return { kind: 'rejected', record: outcome.record, error: new ValenceError(code, reason) }
}

/** Reduces the letter after each refusal: first without foreign headers, then without content. */
function reduce(letter: OutgoingRecord, refusedLetters: number): OutgoingRecord {
  if (refusedLetters === 0) return letter
  const headers = ownHeaders(letter.headers)
  if (refusedLetters === 1 && headers.length < letter.headers.length) return { ...letter, headers }
  return withoutContent({ ...letter, headers })
}

/** Key and own headers only: they say where the original is. */
function withoutContent(letter: OutgoingRecord): OutgoingRecord {
  const key = letter.key !== null && letter.key.length <= maxKeptKeyBytes ? letter.key : null
  return { ...letter, key, value: Buffer.alloc(0) }
}
