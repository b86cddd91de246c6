import type { ActiveModel } from '../model/active-model.ts'
import type { LoadedModel } from '../model/load-model.ts'
import { MicroBatcher, type MicroBatcherOptions } from './batching/micro-batcher.ts'

export interface ModelInBatches {
  readonly model: LoadedModel
  readonly batcher: MicroBatcher
}

/**
 * The batching layer: a batcher for each open model, so that a batch, its cache keys and its results belong to one model
 * from start to end. Retiring a model drains its batcher: a swap loses no text and mixes up no results.
 */
export class ModelBatchers {
  readonly #models: ActiveModel
  readonly #options: MicroBatcherOptions
  readonly #batchers = new Map<LoadedModel, MicroBatcher>()

  constructor(models: ActiveModel, options: MicroBatcherOptions) {
    this.#models = models
    this.#options = options
    models.onRetire((model) => this.#retire(model))
    this.#batcherOf(models.current())
  }

  /** The active model and its batcher, for new texts. They may be others after any `await`. */
  current(): ModelInBatches {
    const model = this.#models.current()
    return { model, batcher: this.#batcherOf(model) }
  }

  #batcherOf(model: LoadedModel): MicroBatcher {
    const known = this.#batchers.get(model)
    if (known) return known
    const batcher = new MicroBatcher(model, this.#options)
    this.#batchers.set(model, batcher)
    this.#options.observer.modelInUse?.(model.ref)
    return batcher
  }

  async #retire(model: LoadedModel): Promise<void> {
    await this.#batchers.get(model)?.drain()
    this.#batchers.delete(model)
  }
}
