import type { Config } from '../config/config.ts'
import { createInProcessBackend } from '../inference/in-process-backend.ts'
import { ActiveModel } from '../model/active-model.ts'
import { type LoadedModel, loadModel } from '../model/load-model.ts'
import { locateModel } from '../model/model-location.ts'
import { createScorer } from './create-scorer.ts'
import type { Scorer } from './scorer.ts'

export interface CliScorer {
  readonly scorer: Scorer
  readonly model: LoadedModel
  close(): Promise<void>
}

/**
 * The engine of one command. A few texts are scored on the calling thread, since starting threads takes longer; for many
 * texts there is a worker per core. @throws VAL_MODEL_*
 */
export async function openCliScorer(config: Config, amount: 'few' | 'many'): Promise<CliScorer> {
  const model = await loadModel(await locateModel(config.model, config), async (graph) => {
    if (amount === 'few') return createInProcessBackend(graph)
    const { createWorkerPool } = await import('../inference/worker-pool.ts')
    return createWorkerPool(graph, { workers: config.inferenceWorkers, timeoutMs: config.inferenceTimeoutMs })
  })
  const active = new ActiveModel(model)
  return { scorer: createScorer(active), model, close: () => active.close() }
}
