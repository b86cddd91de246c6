import type { Admin } from '@valence/producer-sdk/kafka'
import type { Config } from '../config/config.ts'

/** Receives the progress of a job. */
export interface JobProgress {
  /** Called once before `update`. @param total in the unit of `done`; undefined if unknown */
  start(total: number | undefined): void
  /** @param done of `total`, in the same unit; @param items finished so far */
  update(done: number, items: number): void
}

/** Dependencies of a job: work that ends by itself, or early when the signal aborts. */
export interface Job {
  readonly config: Config
  /** Already connected. */
  readonly admin: Admin
  readonly signal: AbortSignal
  readonly progress: JobProgress
}
