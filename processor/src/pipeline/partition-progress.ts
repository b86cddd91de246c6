import type { ErrorCode } from '@valence/schemas'
import type { TopicPartition } from '../kafka/record.ts'

/** A partition that has work to do and does not get on with it. */
export interface Standstill extends TopicPartition {
  /** Epoch milliseconds. */
  readonly since: number
  readonly code: ErrorCode
  /** `records`: what lies in the partition stops it, and would stop it in any processor. */
  readonly cause: 'records' | 'surroundings'
}

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

/** Since when one partition has had work and committed none of it. */
export class PartitionProgress {
  readonly #partition: TopicPartition
  readonly #now: () => number
  #state: State = { kind: 'idle' }

  constructor(partition: TopicPartition, now: () => number = Date.now) {
    this.#partition = partition
    this.#now = now
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

  committed(hasMore: boolean): void {
    this.#state = hasMore ? { kind: 'working', since: this.#now() } : { kind: 'idle' }
  }

  get standstill(): Standstill | undefined {
    const state = this.#state
    if (state.kind === 'idle') return undefined
    const { since } = state
    if (state.kind === 'halted') return { ...this.#partition, since, code: state.code, cause: 'records' }
    const isFailing = state.kind === 'failing'
    if (this.#now() - since < (isFailing ? stuckMs : slowMs)) return undefined
    return {
      ...this.#partition,
      since,
      code: isFailing ? state.code : 'VAL_KAFKA_PARTITION_STUCK',
      cause: 'surroundings',
    }
  }

  #since(): number {
    return this.#state.kind === 'idle' ? this.#now() : this.#state.since
  }
}
