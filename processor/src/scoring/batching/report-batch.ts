import type { BatchFacts, ScoringObserver } from '../scoring-observer.ts'
import type { OriginBatch } from './origin-queues.ts'

/** Tells the observer of a batch that starts now; the function that comes back is called when it is done. */
export function reportBatch(
  observer: ScoringObserver,
  { texts, cause, origin }: OriginBatch,
  nowMs: number,
): (() => void) | undefined {
  const tokens = texts.reduce((sum, entry) => sum + entry.tokens, 0)
  const longest = texts.reduce((most, entry) => Math.max(most, entry.tokens), 0)
  const facts: BatchFacts = { cause, origin, texts: texts.length, tokens, paddedTokens: longest * texts.length }
  observer.batchClosed?.(facts)
  const waiters = texts.flatMap((entry) => entry.waiters)
  for (const waiter of waiters) observer.queued?.(waiter.origin, nowMs - waiter.enqueuedAt)
  const traced = waiters.flatMap(({ traceContext, enqueuedAt }) =>
    traceContext ? [{ traceContext, waitedMs: nowMs - enqueuedAt }] : [],
  )
  return traced.length === 0 ? undefined : observer.batchStarted?.(traced, facts)
}
