import type { SchemaId } from '../schema-id.ts'

export interface YoungIdsOptions {
  /** Time that an unknown id can be new; 0 disables waiting. */
  readonly youngIdMs: number
  /** Maximum tracked ids; the oldest are evicted. */
  readonly maxIds: number
}

/** Maximum time of unsuccessful waits per window, for all ids; then no id is waited for. Damaged records have random ids. */
const windowMs = 600_000
const maxFailedMs = 60_000

/**
 * Decides how long to wait for unknown schema ids, which can be new: a schema reaches the replicas of a registry some
 * seconds after its producer. Each id is waited for once, and unsuccessful waits are limited for all ids together.
 */
export class YoungIds {
  readonly #options: YoungIdsOptions
  /** Id → start of its wait, in milliseconds. */
  readonly #since = new Map<SchemaId, number>()
  /** Unsuccessful waits in the current window. `until`: end of the last one, so that concurrent waits count once. */
  #failed = { from: Number.NEGATIVE_INFINITY, until: Number.NEGATIVE_INFINITY, ms: 0 }

  constructor(options: YoungIdsOptions) {
    this.#options = options
  }

  /** True if an id that is unknown at `now` can still be new. */
  mayCome(id: SchemaId, now: number): boolean {
    const { youngIdMs } = this.#options
    const since = this.#since.get(id)
    // Not requested for a long time: another process handled the records, or the id is used again.
    if (since === undefined || now - since > 6 * youngIdMs) return this.#begin(id, now)
    if (now - since < youngIdMs) return true
    this.#since.delete(id)
    this.#failed.ms += now - Math.max(since, this.#failed.until)
    this.#failed.until = now
    return false
  }

  forget(id: SchemaId): void {
    this.#since.delete(id)
  }

  #begin(id: SchemaId, now: number): boolean {
    if (now - this.#failed.from >= windowMs) this.#failed = { from: now, until: this.#failed.until, ms: 0 }
    if (this.#options.youngIdMs === 0 || this.#failed.ms >= maxFailedMs) return false
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
