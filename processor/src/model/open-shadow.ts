import type { Config } from '../config/config.ts'
import type { GraphSpec } from '../inference/graph-session.ts'
import { createWorkerPool } from '../inference/worker-pool.ts'
import type { Logger } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import { loadModel } from './load-model.ts'
import { locateModel } from './model-location.ts'
import { Shadow } from './shadow.ts'
import { keepInUse } from './supply/keep-in-use.ts'

/** The candidate that live texts are compared with, while there is one. */
export interface OpenedShadow {
  current(): Shadow | undefined
  close(): Promise<void>
}

/**
 * Opens the configured candidate beside the service. It comes when it is ready, holds nothing up, and is given up as
 * soon as a run of it hangs: each would cost a core for as long as it lasts.
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
    logger.error({ code: 'VAL_INFERENCE_TIMEOUT' }, 'candidate hangs, nothing is shadowed any more')
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
    logger.info({ candidate: candidate.ref, ratio }, 'candidate is shadowing')
  }

  async function tryToOpen(name: string): Promise<void> {
    await open(name).catch((error) => {
      if (!stop.signal.aborted) logger.error({ err: error, code: error.code }, 'candidate refused, nothing is shadowed')
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
