import type { RecordHeaders, ScoredEvent, ValenceError } from '@valence/schemas'

/** Position, key and headers of a scored event, and its commit. */
export interface ScoreMeta {
  readonly topic: string
  readonly partition: number
  /** In decimal digits. */
  readonly offset: string
  /** Timestamp of the record, epoch milliseconds. */
  readonly timestamp: number
  readonly key: Buffer | null
  /** Headers by name; several values of one name are an array. No prototype: test with `Object.hasOwn`. */
  readonly headers: Readonly<Record<string, Buffer | null | readonly (Buffer | null)[]>>
  /** The same headers as a list, in record order. */
  readonly headerList: RecordHeaders
  /** Commits all events of the partition up to and including this one. */
  commit(): Promise<void>
}

/** Handles one scored event; the next event of the partition waits for the returned promise. */
export type ScoreHandler = (event: ScoredEvent, meta: ScoreMeta) => Promise<void> | void

/** Callbacks for the records of the output topic. */
export interface ScoreHandlers {
  /** Called for one event at a time per partition. If it throws, the consumer ends: see `done`. */
  readonly handler: ScoreHandler
  /**
   * Called for a record that is not a scored event. Without it, such a record ends the consumer like a handler's error.
   */
  readonly onInvalid?: ((error: ValenceError, meta: ScoreMeta) => Promise<void> | void) | undefined
  /** Called for a tombstone (a record without a value). Without it, tombstones are ignored. */
  readonly onTombstone?: ((meta: ScoreMeta) => Promise<void> | void) | undefined
}
