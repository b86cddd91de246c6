import type { LoadedModel } from './load-model.ts'

/** Called when a model stops being the active one; it resolves when the listener has nothing left running on it. */
export type RetireListener = (retired: LoadedModel) => Promise<void>

/**
 * The model that new texts are scored with. A swap never disturbs what is under way: the old model stays open until
 * every listener has let go of it.
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

  /** Makes `next` the active model at once; resolves when the old one has drained and is closed. */
  async swap(next: LoadedModel): Promise<void> {
    const old = this.#current
    this.#current = next
    next.backend.activate?.()
    await this.#retire(old)
  }

  /** Drains and closes the active model; nothing can be scored afterwards. */
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
