import { isValenceError, ValenceError } from '@valence/schemas'
import type { LineProgress } from '../kafka/line-progress.ts'
import { isOfEarlierTopic, type PartitionSession } from '../kafka/partition-session.ts'
import type { OutgoingRecord } from '../kafka/record.ts'

/** A record to publish, and the offset to commit with it. */
export interface SettledRecord {
  readonly record: OutgoingRecord
  readonly nextOffset: bigint
}

/** Called for each record that the broker refused, after the commit that skips it. */
export type OnRefused<R> = (record: R, error: ValenceError) => void

export interface SettlingOptions {
  readonly session: PartitionSession
  /** Opens a new session of the same partition and group. A session is unusable after an error. */
  readonly reopen: () => Promise<PartitionSession>
  /** Progress to commit in the metadata of the offset, for a job that counts lines. */
  readonly progressOf?: (nextOffset: bigint, refused: number, isFinished: boolean) => LineProgress
}

/** The committed position of the group when the session was opened. */
export interface CommittedPosition {
  readonly offset: bigint
  readonly lineProgress: LineProgress | undefined
}

/**
 * Publishes records of a partition and commits their offsets. If the broker refuses a batch, it is halved until the
 * refused record is alone, which is skipped. Each attempt is one transaction, so no record is written twice.
 */
export class SettlingSession {
  readonly #options: SettlingOptions
  #session: PartitionSession
  /** Undefined if the group has no position, or only one of an earlier topic of the name. */
  readonly committed: CommittedPosition | undefined
  #position: bigint | undefined
  /** Count of refused records. A caller that resumes sets it to the count of earlier runs. */
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

  /** @returns number of published records, without refused ones. @throws VAL_KAFKA_* */
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

  /** Commits that all records before the position have results. @throws VAL_KAFKA_* */
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

  /** Replaces the session after an error. @throws VAL_KAFKA_FENCED if another run has committed meanwhile */
  async #reopen(): Promise<void> {
    await this.#session.close()
    this.#session = await this.#options.reopen()
    const position = await this.#session.position()
    if (position !== this.#position) {
      throw new ValenceError('VAL_KAFKA_FENCED', `another run is at ${position}, this one was at ${this.#position}`)
    }
  }
}
