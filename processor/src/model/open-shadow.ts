import type { Config } from '../config/config.ts'
import type { GraphSpec } from '../inference/graph-session.ts'
import { createWorkerPool } from '../inference/worker-pool.ts'
import type { Logger } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import { loadModel } from './load-model.ts'
import { locateModel } from './model-location.ts'
import { Shadow } from './shadow.ts'
import { keepInUse } from './supply/keep-in-use.ts'

/** The shadow of the candidate model, once it is open. */
export interface OpenedShadow {
  current(): Shadow | undefined
  close(): Promise<void>
}

/**
 * Opens the configured candidate model in the background; the service does not wait for it. If one of its runs hangs,
 * the candidate is closed, because each hanging run occupies a core.
 */
export function openShadow(config: Config, metrics: Metrics, logger: Logger): OpenedShadow {
  const stop = new AbortController()
  let shadow: Shadow | undefined
  let mark: { end(): void } | undefined

  async function giveUp(): Promise<void> {
    mark?.end()
    const closing = shadow
    shadow = undefined
    await closing?.close()
  }

  function onStuck(): void {
    logger.error({ code: 'VAL_INFERENCE_TIMEOUT' }, 'candidate model hangs, shadowing stopped')
    void giveUp()
  }

  const openBackend = (graph: GraphSpec) =>
    createWorkerPool(graph, {
      workers: 1,
      timeoutMs: config.inferenceTimeoutMs,
      background: true,
      observer: { workersStuck: () => shadow && onStuck() },
    })

  async function open(name: string): Promise<void> {
    const folder = await locateModel(name, config, stop.signal)
    const candidate = await loadModel(folder, openBackend, stop.signal)
    const { modelShadowRatio: ratio, modelShadowQueueTexts: maxQueued } = config
    shadow = new Shadow({ candidate, ratio, maxQueued, metrics })
    mark = keepInUse(folder, config.modelStore, logger)
    logger.info({ candidate: candidate.ref, ratio }, 'candidate model opened, shadowing')
  }

  async function tryToOpen(name: string): Promise<void> {
    await open(name).catch((error) => {
      if (!stop.signal.aborted) logger.error({ err: error, code: error.code }, 'candidate model refused, not shadowing')
    })
  }

  const opened = config.modelShadow === undefined ? Promise.resolve() : tryToOpen(config.modelShadow)
  return {
    current: () => shadow,
    async close() {
      stop.abort(new Error('closing'))
      await opened
      await giveUp()
    },
  }
}
