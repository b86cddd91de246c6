import { isValenceError, ValenceError } from '@valence/schemas'
import { maxTimerMs } from '../config/settings.ts'
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

export interface HotSwapOptions {
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

/** After failures in a row the registry is asked less often, down to one in this many intervals. */
const slowestPoll = 16

/**
 * Swaps the active model for what the supply has, one swap at a time. A new model is complete and has proved itself
 * before the first text sees it; whatever fails leaves the old one as it was.
 */
export class ModelReloader {
  readonly #options: HotSwapOptions
  readonly #stop = new AbortController()
  #digest: string
  /** Looked at and found bad: not tried again by itself. */
  #refused: string | undefined
  #underWay: Promise<ReloadOutcome> | undefined
  /** The look that was asked for while another was under way. */
  #following: Promise<ReloadOutcome> | undefined
  #draining: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  readonly #renewing: NodeJS.Timeout
  #failures = 0

  constructor(options: HotSwapOptions) {
    this.#options = options
    this.#digest = options.digest
    this.#renewing = setInterval(() => void this.#renewLease(), renewLeaseMs).unref()
    this.#pollLater()
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
    this.#stop.abort(new ValenceError('VAL_INFERENCE_UNAVAILABLE', 'the process is stopping'))
    clearTimeout(this.#timer)
    clearInterval(this.#renewing)
    await this.#underWay?.catch(() => undefined)
    await this.#following?.catch(() => undefined)
    await this.#draining
  }

  /** What was refused before gets another chance. */
  async #lookAfresh(): Promise<ReloadOutcome> {
    this.#stop.signal.throwIfAborted()
    this.#refused = undefined
    this.#options.supply.invalidate()
    return this.#look()
  }

  #look(): Promise<ReloadOutcome> {
    this.#underWay ??= this.#lookOnce().finally(() => {
      this.#underWay = undefined
    })
    return this.#underWay
  }

  async #lookOnce(): Promise<ReloadOutcome> {
    const { metrics, logger, supply, models } = this.#options
    try {
      // At most two models are open: the next one is not loaded before the last one is gone.
      await this.#draining
      const swapped = await this.#tryNext()
      metrics.model.reloads.inc({ outcome: swapped ? 'swapped' : 'unchanged' })
      this.#failures = 0
      return { outcome: swapped ? 'swapped' : 'unchanged', model: models.current().ref }
    } catch (error) {
      if (this.#stop.signal.aborted) throw error
      this.#failures++
      metrics.model.reloads.inc({ outcome: 'refused' })
      metrics.model.refusals.inc({ code: isValenceError(error) ? error.code : 'unexpected' })
      const active = models.current().ref
      logger.error({ err: error, ...explain(error), uri: supply.uri, active }, 'new model refused, the old one goes on')
      throw error
    }
  }

  async #tryNext(): Promise<boolean> {
    const { supply } = this.#options
    const found = await supply.pull(this.#stop.signal)
    if (found.digest === this.#digest || found.digest === this.#refused) return false
    try {
      await this.#swapTo(found)
      return true
    } catch (error) {
      // What was whole when it came is damaged on the disk: the next look fetches it again.
      if (isValenceError(error) && error.row.refetch) supply.invalidate()
      else this.#refused = found.digest
      throw error
    }
  }

  async #swapTo(found: StoredModel): Promise<void> {
    const { supply, models, load, metrics, logger } = this.#options
    const startedAt = performance.now()
    const next = await load(found.folder, this.#stop.signal)
    if (this.#stop.signal.aborted) {
      await next.close({ drain: false })
      throw this.#stop.signal.reason
    }
    const from = models.current().ref
    const drained = models.swap(next)
    this.#digest = found.digest
    metrics.model.swap.observe((performance.now() - startedAt) / 1_000)
    metrics.model.info.reset()
    metrics.model.info.set({ ...next.ref }, 1)
    logger.info({ from, to: next.ref, digest: found.digest, uri: supply.uri }, 'model swapped')
    this.#draining = this.#drain(drained)
    // The swap stands whatever the store says about it.
    await Promise.all([supply.accept(found), this.#renewLease()]).catch((error) => {
      logger.warn({ err: error, ...explain(error) }, 'model store cannot be renewed')
    })
  }

  async #drain(drained: Promise<void>): Promise<void> {
    const { metrics, logger } = this.#options
    const startedAt = performance.now()
    await drained.catch((error) => logger.error({ err: error }, 'the old model did not close well'))
    metrics.model.drain.observe((performance.now() - startedAt) / 1_000)
  }

  async #renewLease(): Promise<void> {
    const { renewLease, logger } = this.#options
    await renewLease(this.#digest).catch((error) => {
      logger.warn({ err: error, ...explain(error) }, 'model store cannot be renewed')
    })
  }

  #pollLater(): void {
    const { pollMs } = this.#options
    if (pollMs === 0 || this.#stop.signal.aborted) return
    const delayMs = Math.min(maxTimerMs, pollMs * Math.min(slowestPoll, 2 ** this.#failures))
    this.#timer = setTimeout(() => {
      // Logged and counted where it happened.
      this.#look()
        .catch(() => undefined)
        .finally(() => this.#pollLater())
    }, delayMs)
    this.#timer.unref()
  }
}

function explain(error: unknown): Partial<Pick<ValenceError, 'code' | 'detail' | 'help'>> {
  return isValenceError(error) ? { code: error.code, detail: error.detail, help: error.help } : {}
}
