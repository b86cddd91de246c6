import type { CommitStep } from './commit.ts'
import type { DecodeStep } from './decode.ts'
import type { EncodeStep } from './encode.ts'
import { createPrepareStep, type PrepareStep } from './prepare.ts'
import type { RecordTraces } from './record-traces.ts'
import type { ScoreStep } from './score-batch.ts'
import { measureCommit, measurePreparing, type StepMetricsOptions } from './step-metrics.ts'

/** The way of a record, in this order. */
export interface Steps {
  readonly decode: DecodeStep
  readonly score: ScoreStep
  readonly encode: EncodeStep
  readonly commit: CommitStep
}

/**
 * Puts spans and metrics around the steps, which know of neither: metrics outside, so that their times hold the cost of
 * the spans. `traces` is undefined where nothing is traced.
 */
export function observeSteps(
  steps: Steps,
  traces: RecordTraces | undefined,
  options: Omit<StepMetricsOptions, 'traceContextOf'>,
): { readonly prepare: PrepareStep; readonly commit: CommitStep } {
  const traced = traces?.traceSteps(steps) ?? steps
  const prepare = createPrepareStep(
    measurePreparing(
      {
        decode: traced.decode,
        score: traced.score,
        encode: (outcomes, from) => outcomes.flatMap((outcome) => traced.encode(outcome, from) ?? []),
      },
      options.metrics,
    ),
  )
  return {
    prepare: traces?.tracePrepare(prepare) ?? prepare,
    commit: measureCommit(traced.commit, { ...options, traceContextOf: traces && ((record) => traces.of(record)) }),
  }
}
