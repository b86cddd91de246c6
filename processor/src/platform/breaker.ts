import {
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
  type IBackoff,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel'

export type BreakerState = 'closed' | 'half-open' | 'open'

export interface BreakerOptions {
  /** The protected dependency: value of the label `part` in metrics, and name of the health check. */
  readonly part: string
  /** A call that takes longer counts as failed. */
  readonly timeoutMs: number
  /** Consecutive failures that open the breaker; default 5. */
  readonly breakAfter?: number
  /** Time from opening to the trial call (half open); default 2 s. */
  readonly breakMs?: number
  readonly onState?: (part: string, state: BreakerState) => void
  readonly onFailure?: (part: string) => void
}

/** Circuit breaker: after consecutive failures, calls fail at once until a trial call succeeds. */
export interface Breaker {
  readonly part: string
  readonly state: BreakerState
  /** Runs the call; its signal aborts at the timeout. Rejects with the call's error or cockatiel's timeout or open error. */
  run<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T>
}

const states: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
}

/** cockatiel measures the open time with Date.now(), so a clock set back would keep it open. This uses monotonic time. */
function openFor(breakMs: number): IBackoff<unknown> {
  const until = performance.now() + breakMs
  return {
    get duration() {
      return performance.now() < until ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
    },
    next: () => openFor(breakMs),
  }
}

export function createBreaker(options: BreakerOptions): Breaker {
  const { part, timeoutMs, breakAfter = 5, breakMs = 2_000, onState, onFailure } = options
  const circuit = circuitBreaker(handleAll, {
    halfOpenAfter: { next: () => openFor(breakMs) },
    breaker: new ConsecutiveBreaker(breakAfter),
  })
  const guarded = wrap(circuit, timeout(timeoutMs, TimeoutStrategy.Aggressive))
  circuit.onStateChange((state) => onState?.(part, states[state]))
  circuit.onFailure(() => onFailure?.(part))
  onState?.(part, 'closed')
  return {
    part,
    get state() {
      return states[circuit.state]
    },
    run: (call) => guarded.execute(({ signal }) => call(signal)),
  }
}
