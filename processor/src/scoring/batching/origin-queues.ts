import { FairShare, type OriginWeights, originsByUrgency } from '../scheduling/fair-share.ts'
import type { InFlightLimiter } from '../scheduling/in-flight-limiter.ts'
import type { ScoreOrigin } from '../scorer.ts'
import { type BatchLimits, type ClosedBatch, chooseBatch, limitsFor, windowBatches } from './batch-policy.ts'
import type { DropReason, PendingText } from './pending-text.ts'
import { WaitingQueue } from './waiting-queue.ts'

export interface OriginQueuesOptions {
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
 * The waiting texts by origin, and which batch goes next. Times are monotonic milliseconds.
 *
 * A text that several origins asked for stands in the queue of each, so that it goes with whichever is served first.
 * This
 * file alone takes and drops waiting texts, and removes them from every queue in the same call: the queues hold nothing
 * but waiting texts.
 */
export class OriginQueues {
  readonly #options: OriginQueuesOptions
  readonly #queues: Readonly<Record<ScoreOrigin, WaitingQueue>>
  readonly #shares: FairShare
  /** No deadline of a waiting caller is earlier. */
  #earliestDeadline = Number.POSITIVE_INFINITY

  constructor(options: OriginQueuesOptions) {
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

  /** Puts a waiting text behind those of an origin; it may stand behind another's already. */
  place(entry: PendingText, origin: ScoreOrigin): void {
    this.#queues[origin].push(entry)
  }

  noteDeadline(deadline: number | undefined): void {
    if (deadline !== undefined && deadline < this.#earliestDeadline) this.#earliestDeadline = deadline
  }

  /** Answers all callers whose deadline has passed, in every queue. */
  dismissLate(nowMs: number): void {
    if (nowMs < this.#earliestDeadline) return
    this.#earliestDeadline = Number.POSITIVE_INFINITY
    for (const origin of originsByUrgency) {
      for (const entry of this.#queues[origin].all()) {
        this.#dismiss(entry, nowMs)
        for (const { deadline } of entry.waiters) this.noteDeadline(deadline)
      }
    }
    this.#removeGone()
  }

  /** Takes the next batch out; none while waiting pays, or while no origin with texts may send one. */
  take(nowMs: number, limiter: InFlightLimiter, draining: boolean): OriginBatch | undefined {
    for (const origin of this.#shares.order()) {
      if (!limiter.has(origin, nowMs)) continue
      const limits = limitsFor(origin, limiter.isHttpAbout(nowMs), this.#options.limits)
      const closed = this.#choose(origin, nowMs, limits, draining)
      if (!closed) continue
      for (const entry of closed.texts) entry.take()
      this.#removeGone()
      this.#shares.charge(origin, tokensOf(closed.texts))
      return { ...closed, origin }
    }
    return undefined
  }

  /** When the next deadline passes or, where a batch may go out, when the next one closes by age. */
  nextEventMs(nowMs: number, limiter: InFlightLimiter): number {
    const ages = originsByUrgency.map((origin) => {
      if (!limiter.has(origin, nowMs)) return Number.POSITIVE_INFINITY
      const { oldest } = this.#queues[origin].window()
      return oldest ? oldest.enqueuedAt + this.#options.limits.maxAgeMs : Number.POSITIVE_INFINITY
    })
    return Math.min(this.#earliestDeadline, ...ages)
  }

  /** A batch of texts with waiting callers: chosen again if a caller of one of them has left. */
  #choose(
    origin: ScoreOrigin,
    nowMs: number,
    limits: BatchLimits,
    draining: boolean,
  ): ClosedBatch<PendingText> | undefined {
    for (;;) {
      const closed = chooseBatch(this.#queues[origin].window(), nowMs, limits, draining)
      for (const entry of closed?.texts ?? []) this.#dismiss(entry, nowMs)
      if (!closed?.texts.some(({ isWaiting }) => !isWaiting)) return closed
      this.#removeGone()
    }
  }

  #dismiss(entry: PendingText, nowMs: number): void {
    entry.dismissLate(nowMs, (reason) => this.#options.onDrop(entry, reason))
  }

  #removeGone(): void {
    for (const origin of originsByUrgency) this.#queues[origin].removeGone()
  }
}

function tokensOf(texts: readonly PendingText[]): number {
  return texts.reduce((sum, { tokens }) => sum + tokens, 0)
}
