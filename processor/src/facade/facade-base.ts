import type { Config } from '../runtime/config.ts'
import type { Health } from '../runtime/health.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Metrics } from '../runtime/metrics.ts'
import type { Tracing } from '../runtime/tracing.ts'

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
