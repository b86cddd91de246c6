import type { Config } from '../config/config.ts'
import type { Health } from './health.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'
import type { Tracing } from './tracing.ts'

/** What every part of a service is built on. */
export interface ServiceContext {
  readonly config: Config
  readonly logger: Logger
  readonly metrics: Metrics
  readonly health: Health
  readonly tracing?: Tracing | undefined
}

/** For what opens something that has to be closed. */
export interface OpeningContext extends ServiceContext {
  /** Closes what was opened, last first. */
  readonly closers: AsyncDisposableStack
}
