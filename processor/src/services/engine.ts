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

/** The scorer with its model. The pipeline and the facade share one. */
export interface Engine {
  readonly scorer: Scorer
  readonly models: ActiveModel
  /** Checks for a new model now. @throws why it was refused; the current model stays active */
  reload(): Promise<ReloadOutcome>
  close(): Promise<void>
}

/** Timeout of a shared cache look-up; after it the text is scored. */
const cacheTimeoutMs = 20

/** Observer of a model under verification: its faults lead to a refusal and never end the process. */
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
    // A thread that hangs in native code cannot be terminated, so the process has to be replaced.
    workersStuck: (count) => onFatal(new ValenceError('VAL_INFERENCE_TIMEOUT', `${count} threads hang in native code`)),
  }
}

function openStore(base: ServiceContext): RedisStore | undefined {
  const address = redisAddress(base.config)
  if (address === undefined) return undefined
  const breaker = openBreaker(base, 'redis-cache', cacheTimeoutMs)
  return createRedisStore({
    address,
    ttlMs: base.config.cacheTtlMs,
    breaker,
    onError: () => base.metrics.redis.errors.inc(),
  })
}

/** Loads the most recently requested scores from Redis into the memory cache, in the background. */
function warmUp(memory: MemoryCache, store: ByteStore, models: ActiveModel, logger: Logger): HotKeys {
  const hotKeys = new HotKeys({ memory, store, fingerprint: () => models.current().fingerprint })
  void hotKeys.restore().then((scores) => {
    if (scores > 0) logger.info({ scores }, 'cache warmed')
  })
  return hotKeys
}

/**
 * Loads the configured model onto a pool of workers and puts the scorer in front of it. `onFatal` is called when
 * only a new process can recover. @throws VAL_MODEL_*
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
