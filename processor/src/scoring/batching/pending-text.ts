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

/** A distinct text that is queued or being scored, with all callers who asked for it. */
export class PendingText {
  readonly key: string
  readonly ids: Int32Array
  readonly truncated: boolean
  readonly enqueuedAt: number
  /** True until a batch takes it or its last caller is gone. */
  state: 'waiting' | 'taken' | 'dropped' = 'waiting'
  #waiters: Waiter[] = []

  constructor(key: string, encoded: { ids: Int32Array; truncated: boolean }, enqueuedAt: number) {
    this.key = key
    this.ids = encoded.ids
    this.truncated = encoded.truncated
    this.enqueuedAt = enqueuedAt
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

  /** Removes callers who left or whose deadline passed. Without callers the entry is dropped. */
  dismissLate(nowMs: number, onDrop: (reason: DropReason) => void): void {
    if (this.state !== 'waiting') return
    if (this.#waiters.every((waiter) => !lateReason(waiter, nowMs))) return
    const waiters = this.#waiters
    this.#waiters = waiters.filter((waiter) => !lateReason(waiter, nowMs))
    if (this.#waiters.length === 0) this.state = 'dropped'
    for (const waiter of waiters) {
      const reason = lateReason(waiter, nowMs)
      if (!reason) continue
      onDrop(reason)
      waiter.answer(new ValenceError(reason === 'deadline' ? 'VAL_DEADLINE_EXCEEDED' : 'VAL_REQUEST_ABANDONED'))
    }
  }

  settle(outcome: InferenceResult): void {
    for (const waiter of this.#waiters.splice(0)) waiter.answer(outcome)
  }
}

function lateReason({ deadline, signal }: Waiter, nowMs: number): DropReason | undefined {
  if (signal?.aborted) return 'abandoned'
  return deadline !== undefined && deadline <= nowMs ? 'deadline' : undefined
}
