import type { Context } from '@opentelemetry/api'

/** A sampled text on its way: below this span its phases are shown. A text that is not sampled has none. */
export interface TraceContext {
  readonly context: Context
  /** 32 hex digits. */
  readonly traceId: string
  /** 16 hex digits. */
  readonly spanId: string
}

/** Epoch milliseconds that never go back within a process, as fine as the clock of the machine. */
export function spanTime(): number {
  return performance.timeOrigin + performance.now()
}
