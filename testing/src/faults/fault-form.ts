import type { QuietFacts } from '../counting/fault-report.ts'
import type { AcknowledgedText } from '../counting/invariants.ts'
import type { TextEncoding } from '../counting/workload.ts'
import type { FaultKind } from './fault-kind.ts'
import type { Scene } from './scene.ts'

export interface FormRun {
  readonly scene: Scene
  readonly kind: FaultKind
  /** Faults to inject. */
  readonly times: number
  /** Records to acknowledge at least, where texts go on coming. */
  readonly records: number
  /** How long the silence is watched once everything is out. */
  readonly lingerMs: number
  readonly encode: TextEncoding | undefined
  say(line: string): void
}

/** How texts and faults of a run follow each other. Resolves once everything is out, or is given up. */
export type FaultForm = (run: FormRun) => Promise<{ sent: readonly AcknowledgedText[]; quiet?: QuietFacts }>
