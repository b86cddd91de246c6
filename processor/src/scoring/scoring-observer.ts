import type { ModelRef } from '../domain/sentiment.ts'
import type { Verdict } from '../domain/verdict.ts'
import type { TraceContext } from '../observability/trace-context.ts'
import type { CloseCause } from './batching/batch-policy.ts'
import type { DropReason } from './batching/pending-text.ts'
import type { ScoreOrigin } from './scorer.ts'

export interface BatchFacts {
  readonly cause: CloseCause
  readonly origin: ScoreOrigin
  readonly texts: number
  readonly tokens: number
  readonly paddedTokens: number
}

/** A text in a batch whose way is traced. */
export interface TracedText {
  readonly traceContext: TraceContext
  readonly waitedMs: number
}

/** Events of scoring, for metrics and traces. Every method is optional; none may throw. */
export interface ScoringObserver {
  batchClosed?(batch: BatchFacts): void
  /** Time a text waited for its batch. */
  queued?(origin: ScoreOrigin, waitedMs: number): void
  queueDepth?(origin: ScoreOrigin, texts: number): void
  /** Time spent tokenizing the texts of one turn of the event loop. */
  tokenized?(elapsedMs: number): void
  /** Time spent tokenizing a text that is traced. */
  tokenizedText?(traceContext: TraceContext, elapsedMs: number): void
  /** A batch starts that holds texts which are traced; the function that comes back is called when it is done. */
  batchStarted?(texts: readonly TracedText[], batch: BatchFacts): (() => void) | undefined
  dropped?(reason: DropReason): void
  deduplicated?(): void
  bisected?(): void
  cacheLookup?(level: 'memory' | 'shared', outcome: 'hit' | 'miss', count: number): void
  /** Texts are scored with this model from now on. */
  modelInUse?(model: ModelRef): void
  /** What became of the texts of one call. */
  verdicts?(origin: ScoreOrigin, verdicts: readonly Verdict[]): void
}
