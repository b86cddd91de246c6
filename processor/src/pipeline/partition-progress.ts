import type { ErrorCode } from '@valence/schemas'
import type { TopicPartition } from '../kafka/topic-partition.ts'
import { type Clock, systemClock } from '../platform/clock.ts'

/** A partition that has work to do and does not get on with it. */
export interface Standstill extends TopicPartition {
  /** Epoch milliseconds. */
  readonly since: number
  readonly code: ErrorCode
  /** `records`: what lies in the partition stops it, and would stop it in any processor. */
  readonly cause: 'records' | 'surroundings'
}

/** Times by a clock that cannot be set. */
type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'working'; readonly since: number }
  /** The last attempt failed and another one follows; `position` where records were lost with it. */
  | { readonly kind: 'failing'; readonly since: number; readonly code: ErrorCode; readonly position?: bigint }
  /** The records themselves are in the way. */
  | { readonly kind: 'halted'; readonly since: number; readonly code: ErrorCode; readonly position: bigint }

/** Failures that pass within this time are everyday: a broker restarts, a partition moves. */
export const stuckMs = 30_000
/** Without an error: as long as one transaction's texts may take on a slow machine. */
const slowMs = 300_000

type ProgressClock = Pick<Clock, 'monotonicMs' | 'epochMs'>

/** Since when one partition has had work and committed none of it. */
export class PartitionProgress {
  readonly #partition: TopicPartition
  readonly #clock: ProgressClock
  #state: State = { kind: 'idle' }
  /** Since when brokers are asked to give the partition or to take its results; both take moments. */
  #askingSince: number | undefined
  /** Since when nobody leads it: nothing can be read, and nothing tells whether anything waits. */
  #leaderlessSince: number | undefined

  constructor(partition: TopicPartition, clock: ProgressClock = systemClock) {
    this.#partition = partition
    this.#clock = clock
  }

  /** Runs what only brokers can hold up. */
  async asking<T>(call: () => Promise<T>): Promise<T> {
    this.#askingSince = this.#now()
    try {
      return await call()
    } finally {
      this.#askingSince = undefined
    }
  }

  /** There is work: the partition is being taken, or records wait. */
  working(): void {
    if (this.#state.kind === 'idle') this.#state = { kind: 'working', since: this.#now() }
  }

  /** @param position of the first record that was under way, if any was */
  failed(code: ErrorCode, position?: bigint): void {
    if (this.#state.kind === 'halted') return
    const known = this.#state.kind === 'failing' ? this.#state.position : undefined
    const at = position ?? known
    this.#state = { kind: 'failing', since: this.#since(), code, ...(at === undefined ? {} : { position: at }) }
  }

  halted(code: ErrorCode, position: bigint): void {
    this.#state = { kind: 'halted', since: this.#since(), code, position }
  }

  /** The partition is ours to read from here. Where nothing was lost before, or all of it is done, nothing waits. */
  taken(offset: bigint): void {
    const state = this.#state
    const isWaiting = (state.kind === 'failing' || state.kind === 'halted') && state.position === offset
    if (!isWaiting) this.#state = { kind: 'idle' }
  }

  /** As it was seen last; where no broker answers, nothing is seen. */
  led(isLed: boolean): void {
    this.#leaderlessSince = isLed ? undefined : (this.#leaderlessSince ?? this.#now())
  }

  committed(hasMore: boolean): void {
    this.#state = hasMore ? { kind: 'working', since: this.#now() } : { kind: 'idle' }
  }

  get standstill(): Standstill | undefined {
    const state = this.#state
    if (state.kind === 'halted') return this.#standing(state.since, state.code, 'records')
    const leaderless = this.#leaderlessSince
    if (leaderless !== undefined && this.#now() - leaderless >= stuckMs) {
      return this.#standing(leaderless, 'VAL_KAFKA_PARTITION_LEADERLESS', 'surroundings')
    }
    const code = state.kind === 'idle' ? undefined : this.#stuckFor(state)
    return code && this.#standing(this.#since(), code, 'surroundings')
  }

  #standing(since: number, code: ErrorCode, cause: Standstill['cause']): Standstill {
    return { ...this.#partition, since: Math.round(this.#clock.epochMs() - (this.#now() - since)), code, cause }
  }

  #stuckFor(state: Extract<State, { kind: 'working' | 'failing' }>): ErrorCode | undefined {
    const now = this.#now()
    if (state.kind === 'failing') return now - state.since < stuckMs ? undefined : state.code
    // The retries inside one call can take minutes.
    if (this.#askingSince !== undefined && now - this.#askingSince >= stuckMs) return 'VAL_KAFKA_UNREACHABLE'
    return now - state.since < slowMs ? undefined : 'VAL_KAFKA_PARTITION_STUCK'
  }

  #now(): number {
    return this.#clock.monotonicMs()
  }

  #since(): number {
    return this.#state.kind === 'idle' ? this.#now() : this.#state.since
  }
}
