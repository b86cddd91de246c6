import type { Admin } from '@valence/producer-sdk/kafka'
import type { Config } from '../config/config.ts'

/** Who is told how far a job has come. */
export interface JobProgress {
  /** What there is to do is known. @param total in the unit of `update`; undefined where the end is not known */
  start(total: number | undefined): void
  /** @param done of `total`, in the same unit; @param items finished so far */
  update(done: number, items: number): void
}

/** What a job works with: work that has an end, and can be ended early by the signal. */
export interface Job {
  readonly config: Config
  /** Connected. */
  readonly admin: Admin
  readonly signal: AbortSignal
  readonly progress: JobProgress
}
