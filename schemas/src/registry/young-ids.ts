import type { SchemaId } from '../schema-id.ts'

export interface YoungIdsOptions {
  /** How long an id that the registry does not know may still be new. 0: not at all. */
  readonly youngIdMs: number
  /** More ids than this push the oldest out. */
  readonly maxIds: number
}

/** Damaged records bring ever new ids. Waiting in vain may take so much of a window; then no id is waited for. */
const windowMs = 600_000
const maxVainMs = 60_000

/**
 * Unknown schema ids that may be new: a schema reaches the replicas of a registry some seconds after its producer. Each
 * id is waited for once, and what was waited in vain is bounded for all ids together.
 */
export class YoungIds {
  readonly #options: YoungIdsOptions
  /** Since when an id is waited for, in milliseconds. */
  readonly #since = new Map<SchemaId, number>()
  /** `until`: the end of the last wait in vain, so that waits at the same time count once. */
  #vain = { from: Number.NEGATIVE_INFINITY, until: Number.NEGATIVE_INFINITY, ms: 0 }

  constructor(options: YoungIdsOptions) {
    this.#options = options
  }

  /** Whether an id that is unknown at `now` is worth waiting for. */
  mayCome(id: SchemaId, now: number): boolean {
    const { youngIdMs } = this.#options
    const since = this.#since.get(id)
    // Nobody has asked for long: the records were waited for elsewhere, or came anew.
    if (since === undefined || now - since > 6 * youngIdMs) return this.#begin(id, now)
    if (now - since < youngIdMs) return true
    this.#since.delete(id)
    this.#vain.ms += now - Math.max(since, this.#vain.until)
    this.#vain.until = now
    return false
  }

  forget(id: SchemaId): void {
    this.#since.delete(id)
  }

  #begin(id: SchemaId, now: number): boolean {
    if (now - this.#vain.from >= windowMs) this.#vain = { from: now, until: this.#vain.until, ms: 0 }
    if (this.#options.youngIdMs === 0 || this.#vain.ms >= maxVainMs) return false
    this.#since.set(id, now)
    if (this.#since.size > this.#options.maxIds) {
      for (const oldest of this.#since.keys()) {
        this.#since.delete(oldest)
        break
      }
    }
    return true
  }
}
