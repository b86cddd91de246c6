import type { Verdict } from '../domain/verdict.ts'
import type { TraceContext } from '../observability/trace-context.ts'

/** Who asks: each origin keeps a share of the batcher, so that a Kafka backlog never starves HTTP. */
export type ScoreOrigin = 'kafka' | 'http' | 'cli'

export interface ScoreOptions {
  readonly origin: ScoreOrigin
  /** Deadline of the answer, epoch milliseconds. */
  readonly deadline?: number
  /** Aborted when the caller left. */
  readonly signal?: AbortSignal
  /** The trace context of each text that is traced. */
  readonly traceContextOf?: ((index: number) => TraceContext | undefined) | undefined
}

/**
 * Scores texts: cache → batcher → cache. Knows no transport.
 * Never throws for a text: each text has its verdict, in the order asked.
 */
export interface Scorer {
  score(text: string, options: ScoreOptions): Promise<Verdict>
  scoreAll(texts: readonly string[], options: ScoreOptions): Promise<Verdict[]>
}
