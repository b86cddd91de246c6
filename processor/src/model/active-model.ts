import type { LoadedModel } from './load-model.ts'

/** Called when a model is no longer active; resolves when the listener has finished all its work on it. */
export type RetireListener = (retired: LoadedModel) => Promise<void>

/**
 * The model that scores new texts. A swap does not interrupt work in progress: the old model stays open until every
 * listener has finished with it.
 */
export class ActiveModel {
  #current: LoadedModel
  readonly #listeners: RetireListener[] = []

  constructor(model: LoadedModel) {
    this.#current = model
    model.backend.activate?.()
  }

  current(): LoadedModel {
    return this.#current
  }

  onRetire(listener: RetireListener): void {
    this.#listeners.push(listener)
  }

  /** Activates `next` at once; resolves when the old model has drained and is closed. */
  async swap(next: LoadedModel): Promise<void> {
    const old = this.#current
    this.#current = next
    next.backend.activate?.()
    await this.#retire(old)
  }

  /** Drains and closes the active model; no text can be scored afterwards. */
  close(): Promise<void> {
    return this.#retire(this.#current)
  }

  async #retire(model: LoadedModel): Promise<void> {
    try {
      await Promise.all(this.#listeners.map((listener) => listener(model)))
    } finally {
      await model.close()
    }
  }
}
