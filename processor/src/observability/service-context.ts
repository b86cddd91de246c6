import type { Config } from '../config/config.ts'
import type { Health } from './health.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'
import type { Tracing } from './tracing.ts'

/** Configuration and observability that every part of a service is built with. */
export interface ServiceContext {
  readonly config: Config
  readonly logger: Logger
  readonly metrics: Metrics
  readonly health: Health
  readonly tracing?: Tracing | undefined
}

/** Context for functions that open resources. */
export interface OpeningContext extends ServiceContext {
  /** Closers of the opened resources; they run in reverse order. */
  readonly closers: AsyncDisposableStack
}
