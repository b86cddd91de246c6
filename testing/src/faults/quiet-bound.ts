/** What is waited for after a fault, at its longest, by the settings of the fault suite. */
const waits = {
  'back-off': 5_000,
  'heartbeat session': 6_000,
  'request timeout': 10_000,
  'start of a processor': 15_000,
  'inference timeout and new worker': 10_000,
  'session of a dead broker and new coordinator': 15_000,
  'circuit breaker of the registry': 15_000,
} as const

export type Wait = keyof typeof waits

/** For reading with kcat, and for a machine of two cores that carries three brokers as well. */
const slackMs = 10_000

/** By when everything acknowledged must be out after a fault, where no other text follows. */
export interface QuietBound {
  /** Counted from the end of the cause, or from the acknowledgement of the last text where that is later. */
  readonly withinMs: number
  readonly waits: readonly Wait[]
}

/** A bound is the sum of what may have to be waited for, one after the other, and 10 s for measuring. */
export function quietBound(...names: readonly Wait[]): QuietBound {
  const distinct = [...new Set(names)]
  return { withinMs: distinct.reduce((sum, name) => sum + waits[name], slackMs), waits: distinct }
}
