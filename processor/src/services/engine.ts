import { ValenceError } from '@valence/schemas'
import type { InferenceBackend } from '../inference/backend.ts'
import type { GraphSpec } from '../inference/graph-session.ts'
import { meterWorkerPool } from '../inference/pool-metrics.ts'
import { createWorkerPool, type PoolObserver } from '../inference/worker-pool.ts'
import type { ActiveModel } from '../model/active-model.ts'
import type { ReloadOutcome } from '../model/model-reloader.ts'
import { openShadow } from '../model/open-shadow.ts'
import { startModel } from '../model/start-model.ts'
import type { Logger } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import { openBreaker } from '../observability/open-breaker.ts'
import type { ServiceContext } from '../observability/service-context.ts'
import { redisAddress } from '../redis/redis-address.ts'
import { createRedisStore, type RedisStore } from '../redis/redis-store.ts'
import { HotKeys } from '../scoring/caching/hot-keys.ts'
import { MemoryCache } from '../scoring/caching/memory-cache.ts'
import { type ByteStore, createSharedCache } from '../scoring/caching/shared-cache.ts'
import { createScorer } from '../scoring/create-scorer.ts'
import type { Scorer } from '../scoring/scorer.ts'
import { meterScoring } from '../scoring/scoring-metrics.ts'
import { traceScoring } from '../scoring/scoring-traces.ts'
import { createShadowedScorer } from '../scoring/shadowed-scorer.ts'

/** The scorer with the model behind it; what both the pipeline and the facade stand on. */
export interface Engine {
  readonly scorer: Scorer
  readonly models: ActiveModel
  /** Looks for a new model now. @throws why it was refused; the old one goes on */
  reload(): Promise<ReloadOutcome>
  close(): Promise<void>
}

/** What the engine is built on. */
/** A text that waits longer for the shared cache had better be scored. */
const cacheTimeoutMs = 20

/** What befalls a model that has not proved itself; it is refused, and the process goes on. */
function trialObserver(logger: Logger): PoolObserver {
  return {
    workerLost: (reason, detail) => logger.warn({ reason, detail }, 'the new model lost its inference worker'),
    workersStuck: (count) =>
      logger.error(
        { count, code: 'VAL_INFERENCE_TIMEOUT' },
        'threads hang in the graph of a refused model, each on a core',
      ),
  }
}

function poolObserver(metrics: Metrics, logger: Logger, onFatal: (error: Error) => void): PoolObserver {
  return {
    ...meterWorkerPool(metrics, (reason, detail) =>
      logger.warn({ reason, detail }, 'inference worker lost, it is replaced'),
    ),
    // Only a new process frees a thread that hangs in native code.
    workersStuck: (count) => onFatal(new ValenceError('VAL_INFERENCE_TIMEOUT', `${count} threads hang in native code`)),
  }
}

function openStore(base: ServiceContext): RedisStore | undefined {
  const place = redisAddress(base.config)
  if (place === undefined) return undefined
  const breaker = openBreaker(base, 'redis-cache', cacheTimeoutMs)
  return createRedisStore({
    place,
    ttlMs: base.config.cacheTtlMs,
    breaker,
    onError: () => base.metrics.redis.errors.inc(),
  })
}

/** Fills the cache with what was asked for last before this process began; nothing waits for it. */
function warmUp(memory: MemoryCache, store: ByteStore, models: ActiveModel, logger: Logger): HotKeys {
  const hotKeys = new HotKeys({ memory, store, fingerprint: () => models.current().fingerprint })
  void hotKeys.restore().then((scores) => {
    if (scores > 0) logger.info({ scores }, 'cache warmed')
  })
  return hotKeys
}

/**
 * Loads the configured model onto a pool of workers and puts the scorer in front of it. `onFatal` is told when only a
 * new process can go on. @throws VAL_MODEL_*
 */
export async function openEngine(
  base: ServiceContext,
  onFatal: (error: Error) => void,
  signal: AbortSignal = new AbortController().signal,
): Promise<Engine> {
  const { config, metrics, logger } = base
  const openBackend = (graph: GraphSpec): Promise<InferenceBackend> =>
    createWorkerPool(graph, {
      workers: config.inferenceWorkers,
      timeoutMs: config.inferenceTimeoutMs,
      observer: poolObserver(metrics, logger, onFatal),
      trialObserver: trialObserver(logger),
    })
  const model = await startModel({ config, openBackend, metrics, logger, signal })
  const { models } = model
  const memory = config.cacheMaxBytes > 0 ? new MemoryCache(config.cacheMaxBytes) : undefined
  const store = openStore(base)
  const shared = store && createSharedCache(store)
  const hotKeys = memory && store && warmUp(memory, store, models, logger)
  const scorer = createScorer(models, {
    limits: {
      maxTexts: config.batchMaxTexts,
      maxTokens: config.batchMaxTokens,
      maxAgeMs: config.batchMaxAgeMs,
    },
    memory,
    shared,
    observer: { ...meterScoring(metrics, memory), ...(base.tracing && traceScoring(base.tracing.tracer)) },
  })
  const shadow = openShadow(config, metrics, logger)
  return {
    scorer: config.modelShadow === undefined ? scorer : createShadowedScorer(scorer, () => shadow.current()),
    models,
    reload: () => model.reload(),
    async close() {
      hotKeys?.close()
      await shadow.close()
      await model.close()
      await shared?.close()
    },
  }
}
