import type { Config } from '../config/config.ts'
import type { Health } from './health.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'
import type { Tracing } from './tracing.ts'

/** What every part of the facade is built on. */
export interface FacadeBase {
  readonly config: Config
  readonly logger: Logger
  readonly metrics: Metrics
  readonly health: Health
  readonly tracing?: Tracing | undefined
  /** Closes what was opened, last first. */
  readonly closers: AsyncDisposableStack
}
