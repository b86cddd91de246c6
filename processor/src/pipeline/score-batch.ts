import type { TextEvent, ValenceError } from '@valence/schemas'
import type { Sentiment } from '../domain/sentiment.ts'
import type { Append } from '../enrich/addition.ts'
import type { KafkaRecord } from '../kafka/record.ts'
import type { TraceContext } from '../observability/trace-context.ts'
import type { Scorer } from '../scoring/scorer.ts'
import type { Decoded, InputShape } from './decode.ts'

/** What is to be published for a record. */
export type RecordResult =
  | {
      readonly kind: 'scored'
      readonly record: KafkaRecord
      readonly input: InputShape
      readonly event: TextEvent
      readonly sentiment: Sentiment
      /** Where records are enriched: puts the sentiment into this one. */
      readonly append?: Append
    }
  | { readonly kind: 'passed'; readonly record: KafkaRecord; readonly input: InputShape }
  | { readonly kind: 'tombstone'; readonly record: KafkaRecord }
  | {
      readonly kind: 'rejected'
      readonly record: KafkaRecord
      readonly error: ValenceError
      readonly input?: InputShape | undefined
    }

/** Scores the texts among the records, in order. Throws a retryable error when any text must be tried again. */
export type ScoreStep = (decoded: readonly Decoded[], signal: AbortSignal) => Promise<RecordResult[]>

/** @param traceContextOf the traceContext of a record that is traced */
export function createScoreStep(
  scorer: Scorer,
  traceContextOf?: (record: KafkaRecord) => TraceContext | undefined,
): ScoreStep {
  return async (decoded, signal) => {
    const items = decoded.filter((item) => item.kind === 'text')
    const texts = items.map(({ event }) => event.text)
    const ofText = traceContextOf && ((index: number) => items[index] && traceContextOf(items[index].record))
    const verdicts = (await scorer.scoreAll(texts, { origin: 'kafka', signal, traceContextOf: ofText })).values()
    return decoded.map((item): RecordResult => {
      if (item.kind !== 'text') return item
      const verdict = verdicts.next().value
      if (verdict === undefined) throw new Error('the scorer returned fewer verdicts than texts; this is a bug')
      // Scores that are already there come from the cache when the slice is tried again.
      if (verdict.kind === 'retryable') throw verdict.error
      if (verdict.kind === 'rejected') return { kind: 'rejected', record: item.record, error: verdict.error }
      return { ...item, kind: 'scored', sentiment: verdict.sentiment }
    })
  }
}
