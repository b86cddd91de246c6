import type { Context } from '@opentelemetry/api'

/** Parent span of the phases of a sampled text. Texts that are not sampled have no trace context. */
export interface TraceContext {
  readonly context: Context
  /** 32 hex digits. */
  readonly traceId: string
  /** 16 hex digits. */
  readonly spanId: string
}

/** Monotonic epoch milliseconds with fractions, for the start and end of spans. */
export function spanTime(): number {
  return performance.timeOrigin + performance.now()
}
