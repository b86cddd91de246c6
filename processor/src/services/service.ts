import type { Config } from '../config/config.ts'
import type { Logger } from '../observability/logger.ts'
import type { Tracing } from '../observability/tracing.ts'

/** A running service: processor, HTTP service or lag service. */
export interface Service {
  readonly adminPort: number
  stop(): Promise<void>
  /** Closes the engine alone, so that no thread is inside a run when the process exits in a hurry. */
  halt?(): Promise<void>
}

export interface ServiceOptions {
  readonly config: Config
  readonly logger: Logger
  /** Ends the waiting for parts that do not answer yet. */
  readonly signal: AbortSignal
  /** Undefined where nothing is traced. */
  readonly tracing?: Tracing | undefined
  /** Called at most once, when only a new process can go on. */
  readonly onFatal: (error: Error) => void
}
