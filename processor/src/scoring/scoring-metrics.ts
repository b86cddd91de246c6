import type { Verdict } from '../domain/verdict.ts'
import type { Metrics } from '../observability/metrics.ts'
import { countBy } from '../platform/count-by.ts'
import type { MemoryCache } from './caching/memory-cache.ts'
import type { ScoringObserver } from './scoring-observer.ts'

/** The observer that counts into the metric tree; the size of the cache is noted with each batch. */
export function meterScoring({ scoring, inference, model }: Metrics, memory?: MemoryCache): ScoringObserver {
  return {
    batchClosed({ cause, origin, texts, tokens, paddedTokens }) {
      scoring.tokens.inc({ origin }, tokens)
      scoring.batches.inc({ cause })
      scoring.batchTexts.observe(texts)
      scoring.batchTokens.observe(paddedTokens)
      scoring.padding.observe((paddedTokens - tokens) / paddedTokens)
      if (memory) scoring.cacheSize.set(memory.bytes)
    },
    queued: (origin, waitedMs) => scoring.queue.observe({ origin }, waitedMs / 1_000),
    queueDepth: (origin, texts) => scoring.queueDepth.set({ origin }, texts),
    tokenized: (elapsedMs) => inference.tokenize.observe(elapsedMs / 1_000),
    dropped: (reason) => scoring.dropped.inc({ reason }),
    deduplicated: () => scoring.deduplicated.inc(),
    bisected: () => scoring.bisections.inc(),
    cacheLookup: (level, outcome, count) => scoring.cacheLookups.inc({ level, outcome }, count),
    verdicts(origin, verdicts) {
      for (const [verdict, count] of countBy(verdicts, ({ kind }) => kind))
        scoring.texts.inc({ origin, verdict }, count)
      // Texts of the pipeline are counted by its commit step: a retaken slice is scored again, but committed once.
      if (origin !== 'kafka') for (const verdict of verdicts) countLabel(model, verdict)
    },
    modelInUse({ name, version, sha256 }) {
      model.info.reset()
      model.info.set({ name, version, sha256 }, 1)
    },
  }
}

function countLabel(model: Metrics['model'], verdict: Verdict): void {
  if (verdict.kind !== 'scored') return
  const { label, scores } = verdict.sentiment
  model.labels.inc({ source: 'none', label })
  model.confidence.observe({ source: 'none' }, scores[label] ?? 0)
}
