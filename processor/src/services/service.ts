import type { Config } from '../config/config.ts'
import type { Logger } from '../observability/logger.ts'
import type { Tracing } from '../observability/tracing.ts'

/** A running service: processor, HTTP service or lag service. */
export interface Service {
  readonly adminPort: number
  stop(): Promise<void>
  /** Closes only the engine, so that no thread runs native code when the process exits without a full stop. */
  halt?(): Promise<void>
}

export interface ServiceOptions {
  readonly config: Config
  readonly logger: Logger
  /** Cancels the start-up's retries of dependencies that do not answer yet. */
  readonly signal: AbortSignal
  /** Undefined if tracing is not configured. */
  readonly tracing?: Tracing | undefined
  /** Called at most once, when only a new process can recover. */
  readonly onFatal: (error: Error) => void
}
