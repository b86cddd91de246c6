import type { QuietBound } from './quiet-bound.ts'
import type { Scene } from './scene.ts'

/**
 * `before`: acknowledged just before the fault begins. `with`: sent as it begins, for one that waits for a request which
 * only texts bring about. `during`: within a second of that. `after`: when its cause is over.
 */
export type LastTexts = 'before' | 'with' | 'during' | 'after'

/** One thing that goes wrong, and how often and among what a run lets it happen. */
export interface FaultKind {
  /** As the published table calls it. */
  readonly fault: string
  /** By when everything is out where nothing is fed after the fault. */
  readonly quiet: QuietBound
  /** When the last texts come in the quiet form, in turn; by default before, during and after it. */
  readonly lastTexts?: readonly LastTexts[]
  /** Records beside the texts that each brings, to become dead letters. */
  readonly deadLetters?: number
  readonly processors?: number
  readonly environment?: Readonly<Record<string, string>>
  /** Texts repeat after so many; by default no two are the same. */
  readonly distinctTexts?: number | undefined
  /** Texts come as Avro, whose schema is in the registry. */
  readonly avro?: boolean
  /** Replicas of each partition; by default as many as there are brokers. */
  readonly replication?: number
  /** How many faults one injection is; by default one. */
  readonly faultsEach?: number
  /** Between the end of one and the begin of the next, from and to. */
  readonly pauseMs?: readonly [number, number]
  /**
   * Lets it happen once, and resolves when the cause is over; the consequences may go on. Chances come from the dice of
   * the scene alone, so that a seed replays them.
   * @returns what happened, for the log; undefined where it could not happen, and does not count
   */
  inject(scene: Scene): Promise<string | undefined>
}
