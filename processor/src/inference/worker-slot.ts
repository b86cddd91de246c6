import type { WorkerThread } from './worker-thread.ts'

/** After this long without a loss, the restart back-off of a slot resets. Chosen, not measured. */
const stableMs = 10_000

type SlotState =
  | { readonly kind: 'empty' }
  | { readonly kind: 'occupied'; readonly thread: WorkerThread }
  | { readonly kind: 'pausing'; readonly timer: NodeJS.Timeout }

/**
 * All states of a slot and their transitions.
 *
 * | state      | the slot has                                                      | next state                               |
 * | ---------- | ----------------------------------------------------------------- | ---------------------------------------- |
 * | `empty`    | no thread: before the start, between two threads, after the close | the pool fills or replaces               |
 * | `occupied` | a thread, whose states are in worker-thread.ts                    | the thread is lost: `empty`              |
 * | `pausing`  | no thread yet: the one before was not the first lost in a row     | the pause ends; `empty` when pool closes |
 */
const transitions: Readonly<Record<SlotState['kind'], readonly SlotState['kind'][]>> = {
  empty: ['occupied', 'pausing'],
  occupied: ['empty'],
  pausing: ['occupied', 'empty'],
}

export interface WorkerSlotOptions {
  /** Delay before the second consecutive replacement; doubles with each further one up to `restartMaxMs`. */
  readonly restartMs: number
  readonly restartMaxMs: number
  /** Starts a thread for this slot. */
  start(): WorkerThread
}

/** A place in the pool. It outlives its threads and counts consecutive losses. */
export class WorkerSlot {
  readonly #options: WorkerSlotOptions
  #state: SlotState = { kind: 'empty' }
  /** Consecutive losses. */
  #losses = 0

  constructor(options: WorkerSlotOptions) {
    this.#options = options
  }

  get thread(): WorkerThread | undefined {
    return this.#state.kind === 'occupied' ? this.#state.thread : undefined
  }

  get isReady(): boolean {
    return this.thread?.isReady ?? false
  }

  fill(): void {
    // Before the thread starts: one that no slot holds would never be stopped.
    this.#expectNext('occupied')
    this.#become({ kind: 'occupied', thread: this.#options.start() })
  }

  /** Empties the slot after the loss of its thread; returns the thread. */
  vacate(): WorkerThread | undefined {
    const { thread } = this
    if (!thread) return undefined
    const { readySince } = thread
    if (readySince !== undefined && performance.now() - readySince > stableMs) this.#losses = 0
    this.#losses++
    this.#become({ kind: 'empty' })
    return thread
  }

  /** The first consecutive replacement starts at once, later ones after a delay. */
  replace(): void {
    if (this.#losses <= 1) {
      this.fill()
      return
    }
    const { restartMs, restartMaxMs } = this.#options
    const delayMs = Math.min(restartMaxMs, restartMs * 2 ** (this.#losses - 2))
    this.#become({ kind: 'pausing', timer: setTimeout(() => this.fill(), delayMs) })
  }

  /** Stops the current thread and starts no further ones. */
  async close(): Promise<void> {
    if (this.#state.kind === 'pausing') {
      clearTimeout(this.#state.timer)
      this.#become({ kind: 'empty' })
    }
    await this.thread?.stop()
  }

  #become(next: SlotState): void {
    this.#expectNext(next.kind)
    this.#state = next
  }

  #expectNext(next: SlotState['kind']): void {
    const { kind } = this.#state
    if (!transitions[kind].includes(next)) throw new Error(`a slot that is ${kind} cannot be ${next}`)
  }
}
