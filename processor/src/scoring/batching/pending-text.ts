import { ValenceError } from '@valence/schemas'
import type { TraceContext } from '../../observability/trace-context.ts'
import type { ScoreOrigin } from '../scorer.ts'
import type { TextScore } from '../text-score.ts'

/** The score of a text, or why it has none. */
export type InferenceResult = TextScore | ValenceError

/** One caller who waits for a text. */
export interface Waiter {
  readonly origin: ScoreOrigin
  /** Monotonic milliseconds. */
  readonly deadline: number | undefined
  readonly signal: AbortSignal | undefined
  readonly enqueuedAt: number
  readonly traceContext?: TraceContext | undefined
  answer(outcome: InferenceResult): void
}

/** Why a text was dropped before inference. */
export type DropReason = 'deadline' | 'abandoned'

export type PendingState = 'waiting' | 'taken' | 'dropped' | 'settled'

/**
 * All states and all changes between them.
 *
 * | state     | the text is                                                          | changed by                 |
 * | --------- | -------------------------------------------------------------------- | -------------------------- |
 * | `waiting` | in the queue of each origin that asked, while it had room            | `OriginQueues`, to leave   |
 * | `taken`   | in one batch, on its way to a worker thread; callers may still join  | `MicroBatcher`, to settle  |
 * | `dropped` | without callers: each left or passed its deadline before a batch     |                            |
 * | `settled` | answered for every caller; settling again has no effect              | `MicroBatcher`             |
 */
const transitions: Readonly<Record<PendingState, readonly PendingState[]>> = {
  waiting: ['taken', 'dropped'],
  taken: ['settled'],
  dropped: [],
  settled: ['settled'],
}

/** A distinct text that is queued or being scored, with all callers who asked for it. */
export class PendingText {
  readonly key: string
  readonly ids: Int32Array
  readonly truncated: boolean
  readonly enqueuedAt: number
  #state: PendingState = 'waiting'
  #waiters: Waiter[] = []

  constructor(key: string, encoded: { ids: Int32Array; truncated: boolean }, enqueuedAt: number) {
    this.key = key
    this.ids = encoded.ids
    this.truncated = encoded.truncated
    this.enqueuedAt = enqueuedAt
  }

  get state(): PendingState {
    return this.#state
  }

  get isWaiting(): boolean {
    return this.#state === 'waiting'
  }

  get tokens(): number {
    return this.ids.length
  }

  get waiters(): readonly Waiter[] {
    return this.#waiters
  }

  join(waiter: Waiter): void {
    this.#waiters.push(waiter)
  }

  /** A batch takes the text: no other queue may, and no deadline drops it any more. */
  take(): void {
    this.#become('taken')
  }

  /** Removes callers who left or whose deadline passed. Without callers the entry is dropped. */
  dismissLate(nowMs: number, onDrop: (reason: DropReason) => void): void {
    if (!this.isWaiting) return
    if (this.#waiters.every((waiter) => !lateReason(waiter, nowMs))) return
    const waiters = this.#waiters
    this.#waiters = waiters.filter((waiter) => !lateReason(waiter, nowMs))
    if (this.#waiters.length === 0) this.#become('dropped')
    for (const waiter of waiters) {
      const reason = lateReason(waiter, nowMs)
      if (!reason) continue
      onDrop(reason)
      waiter.answer(new ValenceError(reason === 'deadline' ? 'VAL_DEADLINE_EXCEEDED' : 'VAL_REQUEST_ABANDONED'))
    }
  }

  /** Answers every caller. */
  settle(outcome: InferenceResult): void {
    this.#become('settled')
    for (const waiter of this.#waiters.splice(0)) waiter.answer(outcome)
  }

  #become(next: PendingState): void {
    if (!transitions[this.#state].includes(next)) throw new Error(`a ${this.#state} text cannot become ${next}`)
    this.#state = next
  }
}

function lateReason({ deadline, signal }: Waiter, nowMs: number): DropReason | undefined {
  if (signal?.aborted) return 'abandoned'
  return deadline !== undefined && deadline <= nowMs ? 'deadline' : undefined
}
