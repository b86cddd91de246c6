import { isValenceError, ValenceError } from '@valence/schemas'
import type { LineProgress } from '../kafka/line-progress.ts'
import { isOfEarlierTopic, type PartitionSession } from '../kafka/partition-session.ts'
import type { OutgoingRecord } from '../kafka/record.ts'

/** A record on its way, and the position once it is settled. */
export interface SettledRecord {
  readonly record: OutgoingRecord
  readonly nextOffset: bigint
}

/** Told of each record that the broker does not take, once it is passed over. */
export type OnRefused<R> = (record: R, error: ValenceError) => void

export interface SettlingOptions {
  readonly session: PartitionSession
  /** Opens another one of the same partition and group, in place of the one that an error has spent. */
  readonly reopen: () => Promise<PartitionSession>
  /** Progress that is committed with a position, for a job that counts lines. */
  readonly progressOf?: (nextOffset: bigint, refused: number, isFinished: boolean) => LineProgress
}

/** The position that the group had when the session was opened. */
export interface CommittedPosition {
  readonly offset: bigint
  readonly lineProgress: LineProgress | undefined
}

/**
 * A session of a command that settles records of a partition. One that the broker refuses is found by halves and passed
 * over, so that it costs itself alone; each attempt is a transaction, so nothing is written twice meanwhile.
 */
export class SettlingSession {
  readonly #options: SettlingOptions
  #session: PartitionSession
  /** Undefined where the group has none. */
  readonly committed: CommittedPosition | undefined
  #position: bigint | undefined
  /** Those of earlier runs included where the caller says so. */
  refused = 0

  private constructor(options: SettlingOptions, committed: CommittedPosition | undefined) {
    this.#options = options
    this.#session = options.session
    this.committed = committed
    this.#position = committed?.offset
  }

  /** @throws VAL_KAFKA_* */
  static async open(options: SettlingOptions): Promise<SettlingSession> {
    const position = await options.session.locate()
    const { offset, lineProgress } = position
    const isKnown = offset !== undefined && !isOfEarlierTopic(position)
    return new SettlingSession(options, isKnown ? { offset, lineProgress } : undefined)
  }

  /** @returns how many records were published, the refused ones left out. @throws VAL_KAFKA_* */
  async publish<R extends SettledRecord>(
    records: readonly R[],
    nextOffset: bigint,
    onRefused: OnRefused<R>,
  ): Promise<number> {
    try {
      await this.#commit(records, nextOffset)
      return records.length
    } catch (error) {
      const [first] = records
      if (!isValenceError(error) || error.row.partition !== 'isolate' || first === undefined) throw error
      await this.#reopen()
      if (records.length === 1) {
        this.refused += 1
        await this.#commit([], nextOffset)
        onRefused(first, error)
        return 0
      }
      const middle = Math.ceil(records.length / 2)
      const half = records.slice(0, middle)
      const ofHalf = await this.publish(half, half.at(-1)?.nextOffset ?? nextOffset, onRefused)
      return ofHalf + (await this.publish(records.slice(middle), nextOffset, onRefused))
    }
  }

  /** Commits that the results of everything before the position are out. @throws VAL_KAFKA_* */
  finish(position: bigint): Promise<void> {
    return this.#commit([], position, true)
  }

  close(): Promise<void> {
    return this.#session.close()
  }

  async #commit(records: readonly SettledRecord[], nextOffset: bigint, isFinished = false): Promise<void> {
    await this.#session.publish(
      records.map(({ record }) => record),
      nextOffset,
      this.#options.progressOf?.(nextOffset, this.refused, isFinished),
    )
    this.#position = nextOffset
  }

  /** A session is spent after an error. Where another run has settled something meanwhile, this one is over. */
  async #reopen(): Promise<void> {
    await this.#session.close()
    this.#session = await this.#options.reopen()
    const position = await this.#session.position()
    if (position !== this.#position) {
      throw new ValenceError('VAL_KAFKA_FENCED', `another run is at ${position}, this one was at ${this.#position}`)
    }
  }
}
