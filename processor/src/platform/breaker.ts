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
  /** The part it stands in front of; a label of metrics and the name of its health check. */
  readonly part: string
  /** A call that takes longer has failed. */
  readonly timeoutMs: number
  /** Failures in a row after which the part is left alone, and for how long. */
  readonly breakAfter?: number
  readonly breakMs?: number
  readonly onState?: (part: string, state: BreakerState) => void
  readonly onFailure?: (part: string) => void
}

/** Stands in front of a part that may be away: after a few failures calls fail at once until it is tried again. */
export interface Breaker {
  readonly part: string
  readonly state: BreakerState
  /** Runs the call; the signal aborts when it takes too long. Rejects with the call's error, or at once while open. */
  run<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T>
}

const states: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
}

/** The library asks by the machine's clock how long it still has to wait; were that set back, for ever. */
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
