import type { Verdict } from '../domain/verdict.ts'
import type { ActiveModel } from '../model/active-model.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import type { BatchLimits } from './batching/batch-policy.ts'
import { CachedInference } from './cached-inference.ts'
import { CacheLevels } from './caching/cache-levels.ts'
import type { MemoryCache } from './caching/memory-cache.ts'
import type { ScoreCache } from './caching/score-cache.ts'
import { ModelBatchers } from './model-batchers.ts'
import { ScheduledCalls } from './scheduled-calls.ts'
import type { OriginWeights } from './scheduling/fair-share.ts'
import { ScoreCall } from './score-call.ts'
import type { ScoreOptions, ScoreOrigin, Scorer } from './scorer.ts'
import type { ScoringObserver } from './scoring-observer.ts'

export interface ScorerOptions {
  readonly limits?: Partial<BatchLimits>
  /** Texts that may wait for a batch, per origin. HTTP texts beyond it are refused, the others' callers wait. */
  readonly queueTexts?: Partial<Record<ScoreOrigin, number>>
  /** Shares of the tokens while several origins have work. */
  readonly weights?: Partial<OriginWeights>
  readonly memory?: MemoryCache | undefined
  readonly shared?: ScoreCache | undefined
  readonly observer?: ScoringObserver
  readonly clock?: Clock
}

/** Measured: texts and tokens in decision 5, tokens beside HTTP in decision 8. The age was chosen, not measured. */
const defaultLimits: BatchLimits = {
  maxTexts: 16,
  maxTokens: 256,
  maxTokensBesideHttp: 192,
  maxAgeMs: 2,
}
/** Chosen, not measured: 64 full batches for HTTP, 32 for the others, whose callers wait outside. */
const defaultQueueTexts: Record<ScoreOrigin, number> = { http: 1_024, cli: 512, kafka: 512 }
const defaultWeights: OriginWeights = { http: 4, cli: 1, kafka: 1 }

/**
 * The scorer of the active model. Each layer uses the one before it:
 *
 * engine (the models' backends) → batching → caching → scheduling → observers
 */
export function createScorer(models: ActiveModel, options: ScorerOptions = {}): Scorer {
  const batching = createBatching(models, options)
  const caching = createCaching(batching, options)
  const scheduling = new ScheduledCalls(caching)
  return createObserved(scheduling, options)
}

function createBatching(models: ActiveModel, options: ScorerOptions): ModelBatchers {
  return new ModelBatchers(models, {
    limits: { ...defaultLimits, ...options.limits },
    queueTexts: { ...defaultQueueTexts, ...options.queueTexts },
    weights: { ...defaultWeights, ...options.weights },
    clock: options.clock ?? systemClock,
    observer: options.observer ?? {},
  })
}

function createCaching(batching: ModelBatchers, { memory, shared, observer = {} }: ScorerOptions): CachedInference {
  return new CachedInference(batching, new CacheLevels({ memory, shared, observer }))
}

/** The scorer itself: what became of the texts of a call is reported once, when the call is over. */
function createObserved(scheduling: ScheduledCalls, { observer = {} }: ScorerOptions): Scorer {
  async function scoreAll(texts: readonly string[], options: ScoreOptions): Promise<Verdict[]> {
    const call = new ScoreCall(texts, options)
    await scheduling.run(call)
    const verdicts = call.verdicts()
    observer.verdicts?.(options.origin, verdicts)
    return verdicts
  }

  async function score(text: string, options: ScoreOptions): Promise<Verdict> {
    const [verdict] = await scoreAll([text], options)
    return verdict as Verdict
  }

  return { score, scoreAll }
}
