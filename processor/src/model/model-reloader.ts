import { isValenceError, ValenceError } from '@valence/schemas'
import { maxTimerMs } from '../config/setting.ts'
import type { ModelRef } from '../domain/sentiment.ts'
import type { Logger } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { ActiveModel } from './active-model.ts'
import type { LoadedModel } from './load-model.ts'
import { renewLeaseMs } from './supply/keep-in-use.ts'
import type { StoredModel } from './supply/model-store.ts'

/** Where new models come from; ModelSupply is one. */
export interface Supply {
  readonly uri: string
  pull(signal: AbortSignal): Promise<StoredModel>
  accept(model: StoredModel): Promise<void>
  /** The next pull takes nothing for known: it asks for the manifest, and looks into every file. */
  invalidate(): void
}

export interface ModelReloaderOptions {
  readonly supply: Supply
  readonly models: ActiveModel
  /** The one that is active at the beginning. */
  readonly digest: string
  /** Loads, verifies, warms up and compares golden scores; what fails leaves nothing open. */
  readonly load: (folder: string, signal: AbortSignal) => Promise<LoadedModel>
  /** Keeps the store in order after a swap, and tells others what is in use. */
  readonly renewLease: (digest: string) => Promise<void>
  /** 0: never by itself. */
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
 * All states and all changes between them. One look at a time passes through them; whatever fails leaves the active
 * model as it was, and the reloader idle.
 *
 * | state      | what happens                                                              | goes on when                      |
 * | ---------- | ------------------------------------------------------------------------- | --------------------------------- |
 * | `idle`     | the timer of the next poll runs, if there is one                          | `reload()`, the timer             |
 * | `draining` | the look waits for the model before the active one: at most two are open  | that one is closed                |
 * | `looking`  | the supply is asked, and brings a new model into the store                | new; else `idle`                  |
 * | `loading`  | the new model is opened, warmed up and compared with its golden scores    | swapped or refused: `idle`        |
 * | `closed`   | nothing; a model that is still loading is closed when it is ready         |                                   |
 */
const transitions: Readonly<Record<ReloaderState, readonly ReloaderState[]>> = {
  idle: ['draining', 'closed'],
  draining: ['looking', 'idle', 'closed'],
  looking: ['loading', 'idle', 'closed'],
  loading: ['idle', 'closed'],
  closed: [],
}

/**
 * After failures in a row the registry is asked less often, down to one in this many intervals. Chosen, not measured: a
 * registry that is away for a night is asked every 16 minutes at the usual interval of one.
 */
const slowestPoll = 16

/**
 * Swaps the active model for what the supply has, one swap at a time. A new model is complete and has proved itself
 * before the first text sees it; whatever fails leaves the old one as it was.
 */
export class ModelReloader {
  readonly #options: ModelReloaderOptions
  readonly #stop = new AbortController()
  #state: ReloaderState = 'idle'
  /** Of the active model. */
  #digest: string
  /** Of a model that was loaded and found bad: polling does not load it again, `reload()` does. */
  #refused: string | undefined
  #underWay: Promise<ReloadOutcome> | undefined
  /** The look that was asked for while another was under way. */
  #following: Promise<ReloadOutcome> | undefined
  /** Resolves when the model before the active one is closed. */
  #drained: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  readonly #renewing: NodeJS.Timeout
  /** In a row. */
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
   * Looks for a new model now, or once more after the look that is under way, which may have begun too early. All who
   * ask meanwhile share that one. @throws why it was refused; the old model goes on
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

  /** Ends what is under way. The active model is left to its owner. */
  async close(): Promise<void> {
    if (this.#state !== 'closed') this.#become('closed')
    this.#stop.abort(new ValenceError('VAL_INFERENCE_UNAVAILABLE', 'the process is stopping'))
    clearTimeout(this.#timer)
    clearInterval(this.#renewing)
    await this.#underWay?.catch(() => undefined)
    await this.#following?.catch(() => undefined)
    await this.#drained
  }

  /** A look for which nothing is known: what was refused before gets another chance. */
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
      // An error of the stop says nothing about the model.
      if (this.#state !== 'closed') this.#countRefusal(error)
      throw error
    }
  }

  /** The way of one look through the states. */
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

  /** Opens and proves a model. */
  async #load({ digest, folder }: StoredModel): Promise<LoadedModel> {
    const { supply, load } = this.#options
    const next = await load(folder, this.#stop.signal).catch((error) => {
      // What was whole when it came is damaged on the disk: the next look fetches it again.
      if (isValenceError(error) && error.row.refetch) supply.invalidate()
      else this.#refused = digest
      throw error
    })
    if (!this.#stop.signal.aborted) return next
    await next.close({ drain: false })
    throw this.#stop.signal.reason
  }

  /** Makes a model the active one; the one before it drains from now on. */
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
    await drained.catch((error) => logger.error({ err: error }, 'the old model did not close well'))
    metrics.model.drain.observe((performance.now() - startedAt) / 1_000)
  }

  /** Has the store remember the active model. The swap stands whatever the store says about it. */
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
    logger.error({ err: error, ...explain(error), uri: supply.uri, active }, 'new model refused, the old one goes on')
  }

  #pollLater(): void {
    const { pollMs } = this.#options
    if (pollMs === 0 || this.#state === 'closed') return
    const delayMs = Math.min(maxTimerMs, pollMs * Math.min(slowestPoll, 2 ** this.#failures))
    this.#timer = setTimeout(() => {
      // Logged and counted where it happened.
      this.#look()
        .catch(() => undefined)
        .finally(() => this.#pollLater())
    }, delayMs)
    this.#timer.unref()
  }

  /** The next state of a look. @throws when the process is stopping */
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
