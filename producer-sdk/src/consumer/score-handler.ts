import type { RecordHeaders, ScoredEvent, ValenceError } from '@valence/schemas'

/** Where a scored event stands, and how to commit it. */
export interface ScoreMeta {
  readonly topic: string
  readonly partition: number
  /** In decimal digits. */
  readonly offset: string
  /** When the record was written; epoch milliseconds. */
  readonly timestamp: number
  readonly key: Buffer | null
  /** By name; several values of one name are an array. Without a prototype, so `Object.hasOwn` tells what is there. */
  readonly headers: Readonly<Record<string, Buffer | null | readonly (Buffer | null)[]>>
  /** The same in their order. */
  readonly headerList: RecordHeaders
  /** Commits everything up to and including this event, in its partition. */
  commit(): Promise<void>
}

/** Handles one scored event; the next one of its partition waits for it. */
export type ScoreHandler = (event: ScoredEvent, meta: ScoreMeta) => Promise<void> | void

/** What is called for records of the output topic. */
export interface ScoreHandlers {
  /** One event at a time in each partition. What it throws ends the consumer: see `done`. */
  readonly handler: ScoreHandler
  /** A record that is no scored event. By default it ends the consumer, as a handler's error does. */
  readonly onInvalid?: ((error: ValenceError, meta: ScoreMeta) => Promise<void> | void) | undefined
  /** A record without value, which deletes its key. By default it is passed over. */
  readonly onTombstone?: ((meta: ScoreMeta) => Promise<void> | void) | undefined
}
