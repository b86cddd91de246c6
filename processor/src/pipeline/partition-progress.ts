import type { ErrorCode } from '@valence/schemas'
import type { TopicPartition } from '../kafka/topic-partition.ts'
import { type Clock, systemClock } from '../platform/clock.ts'

/** A partition that has records to process and makes no progress. */
export interface Standstill extends TopicPartition {
  /** Epoch milliseconds. */
  readonly since: number
  readonly code: ErrorCode
  /** `records`: a record in the partition is the cause, and would be in any processor. */
  readonly cause: 'records' | 'surroundings'
}

/** Times in monotonic milliseconds. */
type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'working'; readonly since: number }
  /** The last attempt failed and another one follows; `position` where records were lost with it. */
  | { readonly kind: 'failing'; readonly since: number; readonly code: ErrorCode; readonly position?: bigint }
  /** The records themselves are the cause. */
  | { readonly kind: 'halted'; readonly since: number; readonly code: ErrorCode; readonly position: bigint }

/** Failures shorter than this are routine: a broker restarts, a partition moves. */
export const stuckMs = 30_000
/** Limit without an error: the time of one transaction's texts on a slow machine. */
const slowMs = 300_000

type ProgressClock = Pick<Clock, 'monotonicMs' | 'epochMs'>

/** Measures for how long one partition has had records and committed none. */
export class PartitionProgress {
  readonly #partition: TopicPartition
  readonly #clock: ProgressClock
  #state: State = { kind: 'idle' }
  /** Start of the current broker call (take-over or commit); both take moments when brokers are well. */
  #askingSince: number | undefined
  /** Since when the partition has no leader: it cannot be read, and its lag is unknown. */
  #leaderlessSince: number | undefined

  constructor(partition: TopicPartition, clock: ProgressClock = systemClock) {
    this.#partition = partition
    this.#clock = clock
  }

  /** Runs a call that only brokers can delay, and times it. */
  async asking<T>(call: () => Promise<T>): Promise<T> {
    this.#askingSince = this.#now()
    try {
      return await call()
    } finally {
      this.#askingSince = undefined
    }
  }

  /** Work begins: a take-over, or queued records. */
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

  /** The partition is taken at this position. After a failure, its records may still wait. */
  taken(offset: bigint): void {
    const state = this.#state
    const isWaiting = (state.kind === 'failing' || state.kind === 'halted') && state.position === offset
    if (!isWaiting) this.#state = { kind: 'idle' }
  }

  /** Whether it had a leader at the last metadata answer. */
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
    // Retries inside one call can take minutes.
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
