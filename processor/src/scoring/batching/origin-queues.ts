import { FairShare, type OriginWeights, originsByUrgency } from '../scheduling/fair-share.ts'
import type { InFlightLimiter } from '../scheduling/in-flight-limiter.ts'
import type { ScoreOrigin } from '../scorer.ts'
import { type BatchLimits, type ClosedBatch, chooseBatch, limitsFor } from './batch-policy.ts'
import type { DropReason, PendingText } from './pending-text.ts'
import { WaitingQueue } from './waiting-queue.ts'

export interface BacklogOptions {
  readonly limits: BatchLimits
  /** Texts that may wait, per origin. */
  readonly queueTexts: Readonly<Record<ScoreOrigin, number>>
  /** Shares of the tokens when several origins have work. */
  readonly weights: OriginWeights
  onDrop(entry: PendingText, reason: DropReason): void
}

export interface OriginBatch extends ClosedBatch<PendingText> {
  readonly origin: ScoreOrigin
}

/**
 * Batches are cut from a window of this many full batches, sorted by length. Chosen, not measured: a larger window finds
 * closer lengths, a smaller one bounds how many texts can overtake another.
 */
const windowBatches = 16

/** The waiting texts by origin, and which batch goes next. Times are monotonic milliseconds. */
export class OriginQueues {
  readonly #options: BacklogOptions
  readonly #queues: Readonly<Record<ScoreOrigin, WaitingQueue>>
  readonly #shares: FairShare
  /** No deadline of a waiting caller is earlier. */
  #earliestDeadline = Number.POSITIVE_INFINITY

  constructor(options: BacklogOptions) {
    this.#options = options
    this.#shares = new FairShare(options.weights)
    const windowSize = options.limits.maxTexts * windowBatches
    const queue = (origin: ScoreOrigin) => new WaitingQueue(options.queueTexts[origin], windowSize)
    this.#queues = { http: queue('http'), cli: queue('cli'), kafka: queue('kafka') }
  }

  get isEmpty(): boolean {
    return originsByUrgency.every((origin) => this.#queues[origin].length === 0)
  }

  depth(origin: ScoreOrigin): number {
    return this.#queues[origin].length
  }

  hasRoom(origin: ScoreOrigin): boolean {
    return this.#queues[origin].hasRoom
  }

  /** Resolves when there may be room, or the caller leaves; look again then. */
  room(origin: ScoreOrigin, signal?: AbortSignal): Promise<void> {
    return this.#queues[origin].room(signal)
  }

  place(entry: PendingText, origin: ScoreOrigin): void {
    this.#queues[origin].push(entry)
  }

  noteDeadline(deadline: number | undefined): void {
    if (deadline !== undefined && deadline < this.#earliestDeadline) this.#earliestDeadline = deadline
  }

  /** Answers all callers whose deadline has passed, in whatever queue. */
  dismissLate(nowMs: number): void {
    if (nowMs < this.#earliestDeadline) return
    this.#earliestDeadline = Number.POSITIVE_INFINITY
    for (const origin of originsByUrgency) {
      for (const entry of this.#queues[origin].all()) {
        this.#dismiss(entry, nowMs)
        for (const { deadline } of entry.waiters) this.noteDeadline(deadline)
      }
      this.#queues[origin].forget()
    }
  }

  /** Takes the next batch out; none while waiting pays, or while no origin with texts may send one. */
  take(nowMs: number, seats: InFlightLimiter, draining: boolean): OriginBatch | undefined {
    for (const origin of this.#shares.order()) {
      if (!seats.has(origin, nowMs)) continue
      const limits = limitsFor(origin, seats.isHttpAbout(nowMs), this.#options.limits)
      const closed = this.#choose(origin, nowMs, limits, draining)
      if (!closed) continue
      for (const entry of closed.texts) entry.take()
      this.#shares.charge(
        origin,
        closed.texts.reduce((sum, { tokens }) => sum + tokens, 0),
      )
      this.#queues[origin].forget()
      return { ...closed, origin }
    }
    return undefined
  }

  /** When the next deadline passes or, where a batch may go out, when the next one closes by age. */
  nextEventMs(nowMs: number, seats: InFlightLimiter): number {
    const ages = originsByUrgency.map((origin) => {
      if (!seats.has(origin, nowMs)) return Number.POSITIVE_INFINITY
      const { oldest } = this.#queues[origin].window()
      return oldest ? oldest.enqueuedAt + this.#options.limits.maxAgeMs : Number.POSITIVE_INFINITY
    })
    return Math.min(this.#earliestDeadline, ...ages)
  }

  /** A batch of texts that somebody still waits for. */
  #choose(
    origin: ScoreOrigin,
    nowMs: number,
    limits: BatchLimits,
    draining: boolean,
  ): ClosedBatch<PendingText> | undefined {
    const queue = this.#queues[origin]
    for (;;) {
      const closed = chooseBatch(queue.window(), nowMs, limits, draining)
      for (const entry of closed?.texts ?? []) this.#dismiss(entry, nowMs)
      if (!closed?.texts.some(({ isWaiting }) => !isWaiting)) return closed
      queue.forget()
    }
  }

  #dismiss(entry: PendingText, nowMs: number): void {
    entry.dismissLate(nowMs, (reason) => this.#options.onDrop(entry, reason))
  }
}
