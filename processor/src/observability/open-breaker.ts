import { type Breaker, createBreaker } from '../platform/breaker.ts'
import type { Health } from './health.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'

/** Metrics, health and log that a breaker reports to. */
export interface BreakerObservers {
  readonly metrics: Metrics
  readonly health: Health
  readonly logger: Logger
}

const stateValues = { closed: 0, 'half-open': 1, open: 2 } as const

/** A breaker that reports to metrics and log and, as an optional health check, to /readyz. */
export function openBreaker({ metrics, health, logger }: BreakerObservers, part: string, timeoutMs: number): Breaker {
  const breaker = createBreaker({
    part,
    timeoutMs,
    onState: (name, state) => {
      metrics.breaker.state.set({ part: name }, stateValues[state])
      if (state === 'open') metrics.breaker.opened.inc({ part: name })
      if (state !== 'half-open') logger.info({ part: name, state }, 'circuit breaker changed')
    },
    onFailure: (name) => metrics.breaker.failures.inc({ part: name }),
  })
  health.add({ name: part, optional: true, isHealthy: () => breaker.state === 'closed' })
  return breaker
}
