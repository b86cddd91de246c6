import { isValenceError, ValenceError } from '@valence/schemas'
import { maxTimerMs } from '../config/setting.ts'
import type { ModelRef } from '../domain/sentiment.ts'
import type { Logger } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { ActiveModel } from './active-model.ts'
import type { LoadedModel } from './load-model.ts'
import { renewLeaseMs } from './supply/keep-in-use.ts'
import type { StoredModel } from './supply/model-store.ts'

/** Source of new models; ModelSupply implements it. */
export interface Supply {
  readonly uri: string
  pull(signal: AbortSignal): Promise<StoredModel>
  accept(model: StoredModel): Promise<void>
  /** The next pull ignores caches: it requests the manifest and verifies every file. */
  invalidate(): void
}

export interface ModelReloaderOptions {
  readonly supply: Supply
  readonly models: ActiveModel
  /** The initially active model. */
  readonly digest: string
  /** Loads, verifies, warms up and compares golden scores; after a failure nothing stays open. */
  readonly load: (folder: string, signal: AbortSignal) => Promise<LoadedModel>
  /** Updates the store after a swap and marks the model as in use. */
  readonly renewLease: (digest: string) => Promise<void>
  /** 0 disables polling. */
  readonly pollMs: number
  readonly logger: Logger
  readonly metrics: Metrics
}

export interface ReloadOutcome {
  readonly outcome: 'swapped' | 'unchanged'
  readonly model: ModelRef
}

export type ReloaderState = 'idle' | 'draining' | 'looking' | 'loading' | 'closed'

/**
 * All states and their transitions. Only one check for a new model runs at a time. A failure keeps the active model and
 * returns to `idle`.
 *
 * | state      | meaning                                                                   | next                              |
 * | ---------- | ------------------------------------------------------------------------- | --------------------------------- |
 * | `idle`     | the timer of the next poll runs, if polling is enabled                    | `draining` by `reload()`, timer   |
 * | `draining` | waits until the previous model is closed: at most two models are open     | `looking`                         |
 * | `looking`  | asks the supply, which downloads a new model into the store               | `loading` if new, else `idle`     |
 * | `loading`  | opens the new model, warms it up and compares golden scores               | `idle`, swapped or refused        |
 * | `closed`   | final; a model that is still loading is closed when it is ready           |                                   |
 */
const transitions: Readonly<Record<ReloaderState, readonly ReloaderState[]>> = {
  idle: ['draining', 'closed'],
  draining: ['looking', 'idle', 'closed'],
  looking: ['loading', 'idle', 'closed'],
  loading: ['idle', 'closed'],
  closed: [],
}

/**
 * After consecutive failures the registry is polled less often, down to once in this many intervals. Chosen, not
 * measured: with the default interval of one minute, an unreachable registry is polled every 16 minutes.
 */
const slowestPoll = 16

/**
 * Replaces the active model by the newest one of the supply, one swap at a time. A new model is fully loaded and has
 * reproduced its golden scores before it scores a text. A failure keeps the old model.
 */
export class ModelReloader {
  readonly #options: ModelReloaderOptions
  readonly #stop = new AbortController()
  #state: ReloaderState = 'idle'
  /** Digest of the active model. */
  #digest: string
  /** Digest of a model that was loaded and refused: polling does not load it again, `reload()` does. */
  #refused: string | undefined
  #underWay: Promise<ReloadOutcome> | undefined
  /** The check that was requested while another one was running. */
  #following: Promise<ReloadOutcome> | undefined
  /** Resolves when the previous model is closed. */
  #drained: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  readonly #renewing: NodeJS.Timeout
  /** Consecutive failures. */
  #failures = 0

  constructor(options: ModelReloaderOptions) {
    this.#options = options
    this.#digest = options.digest
    this.#renewing = setInterval(() => void this.#renewLease(), renewLeaseMs).unref()
    this.#pollLater()
  }

  get state(): ReloaderState {
    return this.#state
  }

  /**
   * Checks for a new model now. If a check is already running, another one follows it, because the running one may have
   * missed the newest manifest; all callers that arrive meanwhile share it. @throws the reason of a refusal; the old
   * model stays active
   */
  reload(): Promise<ReloadOutcome> {
    if (!this.#underWay) return this.#lookAfresh()
    this.#following ??= this.#underWay
      .catch(() => undefined)
      .then(() => {
        this.#following = undefined
        return this.#lookAfresh()
      })
    return this.#following
  }

  /** Aborts a running check. The active model's owner closes it. */
  async close(): Promise<void> {
    if (this.#state !== 'closed') this.#become('closed')
    this.#stop.abort(new ValenceError('VAL_INFERENCE_UNAVAILABLE', 'the process is stopping'))
    clearTimeout(this.#timer)
    clearInterval(this.#renewing)
    await this.#underWay?.catch(() => undefined)
    await this.#following?.catch(() => undefined)
    await this.#drained
  }

  /** A check without caches: a model that was refused before is tried again. */
  async #lookAfresh(): Promise<ReloadOutcome> {
    this.#stop.signal.throwIfAborted()
    this.#refused = undefined
    this.#options.supply.invalidate()
    return this.#look()
  }

  #look(): Promise<ReloadOutcome> {
    this.#underWay ??= this.#countedLook().finally(() => {
      this.#underWay = undefined
      if (this.#state !== 'closed') this.#become('idle')
    })
    return this.#underWay
  }

  async #countedLook(): Promise<ReloadOutcome> {
    const { metrics, models } = this.#options
    try {
      const outcome = await this.#findAndSwap()
      this.#failures = 0
      metrics.model.reloads.inc({ outcome })
      return { outcome, model: models.current().ref }
    } catch (error) {
      // An error caused by the stop is not counted against the model.
      if (this.#state !== 'closed') this.#countRefusal(error)
      throw error
    }
  }

  /** One check, through the states. */
  async #findAndSwap(): Promise<ReloadOutcome['outcome']> {
    const { supply } = this.#options
    this.#enter('draining')
    await this.#drained
    this.#enter('looking')
    const found = await supply.pull(this.#stop.signal)
    if (found.digest === this.#digest || found.digest === this.#refused) return 'unchanged'
    this.#enter('loading')
    const startedAt = performance.now()
    const next = await this.#load(found)
    this.#swap(next, found, startedAt)
    await this.#keep(found)
    return 'swapped'
  }

  /** Opens a model and checks its golden scores. */
  async #load({ digest, folder }: StoredModel): Promise<LoadedModel> {
    const { supply, load } = this.#options
    const next = await load(folder, this.#stop.signal).catch((error) => {
      // The file was whole after the download and is now damaged on disk: the next check downloads it again.
      if (isValenceError(error) && error.row.refetch) supply.invalidate()
      else this.#refused = digest
      throw error
    })
    if (!this.#stop.signal.aborted) return next
    await next.close({ drain: false })
    throw this.#stop.signal.reason
  }

  /** Activates a model; the previous one drains from now on. */
  #swap(next: LoadedModel, { digest }: StoredModel, startedAt: number): void {
    const { supply, models, metrics, logger } = this.#options
    const from = models.current().ref
    const drained = models.swap(next)
    this.#digest = digest
    metrics.model.swap.observe((performance.now() - startedAt) / 1_000)
    metrics.model.info.reset()
    metrics.model.info.set({ ...next.ref }, 1)
    logger.info({ from, to: next.ref, digest, uri: supply.uri }, 'model swapped')
    this.#drained = this.#watchDrain(drained)
  }

  async #watchDrain(drained: Promise<void>): Promise<void> {
    const { metrics, logger } = this.#options
    const startedAt = performance.now()
    await drained.catch((error) => logger.error({ err: error }, 'closing the old model failed'))
    metrics.model.drain.observe((performance.now() - startedAt) / 1_000)
  }

  /** Records the active model in the store. A failure of the store does not undo the swap. */
  async #keep(found: StoredModel): Promise<void> {
    await Promise.all([this.#options.supply.accept(found), this.#renewLease()]).catch((error) =>
      this.#warnOfStore(error),
    )
  }

  async #renewLease(): Promise<void> {
    await this.#options.renewLease(this.#digest).catch((error) => this.#warnOfStore(error))
  }

  #warnOfStore(error: unknown): void {
    this.#options.logger.warn({ err: error, ...explain(error) }, 'model store cannot be renewed')
  }

  #countRefusal(error: unknown): void {
    const { metrics, logger, supply, models } = this.#options
    this.#failures++
    metrics.model.reloads.inc({ outcome: 'refused' })
    metrics.model.refusals.inc({ code: isValenceError(error) ? error.code : 'unexpected' })
    const active = models.current().ref
    logger.error({ err: error, ...explain(error), uri: supply.uri, active }, 'new model refused, keeping the old model')
  }

  #pollLater(): void {
    const { pollMs } = this.#options
    if (pollMs === 0 || this.#state === 'closed') return
    const delayMs = Math.min(maxTimerMs, pollMs * Math.min(slowestPoll, 2 ** this.#failures))
    this.#timer = setTimeout(() => {
      // Already logged and counted.
      this.#look()
        .catch(() => undefined)
        .finally(() => this.#pollLater())
    }, delayMs)
    this.#timer.unref()
  }

  /** Enters the next state of a check. @throws if the process is stopping */
  #enter(next: ReloaderState): void {
    this.#stop.signal.throwIfAborted()
    this.#become(next)
  }

  #become(next: ReloaderState): void {
    if (!transitions[this.#state].includes(next)) throw new Error(`a reloader that is ${this.#state} cannot be ${next}`)
    this.#state = next
  }
}

function explain(error: unknown): Partial<Pick<ValenceError, 'code' | 'detail' | 'help'>> {
  return isValenceError(error) ? { code: error.code, detail: error.detail, help: error.help } : {}
}
