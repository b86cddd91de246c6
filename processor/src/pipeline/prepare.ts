import { ownHeaders, ValenceError } from '@valence/schemas'
import type { OutgoingRecord, TopicPartition } from '../kafka/record.ts'
import type { Metrics } from '../runtime/metrics.ts'
import type { Publication } from './commit.ts'
import type { DecodeStep } from './decode.ts'
import type { EncodeStep } from './encode.ts'
import type { RecordSlice } from './partition-queue.ts'
import type { Outcome, ScoreStep } from './score-batch.ts'

export interface PrepareOptions {
  readonly signal: AbortSignal
  /** How often the broker refused this very record as too large; always 0 for several records. */
  readonly refusals: number
}

/** decode → score → encode: everything that happens to a slice before its transaction begins. */
export type PrepareStep = (from: TopicPartition, slice: RecordSlice, options: PrepareOptions) => Promise<Publication>

export function createPrepareStep(
  steps: { decode: DecodeStep; score: ScoreStep; encode: EncodeStep },
  metrics: Metrics,
): PrepareStep {
  return async (from, slice, { signal, refusals }) => {
    const stopDecode = metrics.pipeline.decode.startTimer()
    const decoded = await steps.decode(slice.records)
    stopDecode()
    const stopScore = metrics.pipeline.score.startTimer()
    const scored = await steps.score(decoded, signal)
    stopScore()
    const outcomes = refusals === 0 ? scored : scored.map(refuse)
    const stopEncode = metrics.pipeline.encode.startTimer()
    const outgoing = outcomes.map((outcome) => steps.encode(outcome, from))
    stopEncode()
    return { from, slice, outcomes, outgoing: refusals > 1 ? outgoing.map(withoutContent) : outgoing }
  }
}

/** The broker took everything but this record's result: it becomes a dead letter. */
function refuse({ record }: Outcome): Outcome {
  return { kind: 'rejected', record, error: new ValenceError('VAL_RECORD_TOO_LARGE_TO_PUBLISH') }
}

/** Not even the dead letter fits: what remains says where the original is. */
function withoutContent(letter: OutgoingRecord): OutgoingRecord {
  return { ...letter, key: null, value: Buffer.alloc(0), headers: ownHeaders(letter.headers) }
}
