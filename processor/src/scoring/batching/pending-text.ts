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
  readonly trail?: TraceContext | undefined
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
  #askers: Waiter[] = []

  constructor(key: string, encoded: { ids: Int32Array; truncated: boolean }, enqueuedAt: number) {
    this.key = key
    this.ids = encoded.ids
    this.truncated = encoded.truncated
    this.enqueuedAt = enqueuedAt
  }

  get tokens(): number {
    return this.ids.length
  }

  get askers(): readonly Waiter[] {
    return this.#askers
  }

  join(asker: Waiter): void {
    this.#askers.push(asker)
  }

  /** Removes callers who left or whose deadline passed. Without callers the entry is dropped. */
  dismissLate(nowMs: number, onDrop: (reason: DropReason) => void): void {
    if (this.state !== 'waiting') return
    if (this.#askers.every((asker) => !lateReason(asker, nowMs))) return
    const askers = this.#askers
    this.#askers = askers.filter((asker) => !lateReason(asker, nowMs))
    if (this.#askers.length === 0) this.state = 'dropped'
    for (const asker of askers) {
      const reason = lateReason(asker, nowMs)
      if (!reason) continue
      onDrop(reason)
      asker.answer(new ValenceError(reason === 'deadline' ? 'VAL_DEADLINE_EXCEEDED' : 'VAL_REQUEST_ABANDONED'))
    }
  }

  settle(outcome: InferenceResult): void {
    for (const asker of this.#askers.splice(0)) asker.answer(outcome)
  }
}

function lateReason({ deadline, signal }: Waiter, nowMs: number): DropReason | undefined {
  if (signal?.aborted) return 'abandoned'
  return deadline !== undefined && deadline <= nowMs ? 'deadline' : undefined
}
