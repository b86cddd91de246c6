import { isValenceError, ValenceError } from '@valence/schemas'
import type { PartitionSession } from '../kafka/partition-session.ts'
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
  /** What is committed for a position, where that is to hold the number of records that were refused so far, too. */
  readonly encode?: (nextOffset: bigint, refused: number) => bigint
}

/**
 * A session of a command that settles records of a partition. One that the broker refuses is found by halves and passed
 * over, so that it costs itself alone; each attempt is a transaction, so nothing is written twice meanwhile.
 */
export class SettlingSession {
  readonly #options: SettlingOptions
  #session: PartitionSession
  #position: bigint | undefined
  /** Those of earlier runs included where the caller says so. */
  refused = 0

  private constructor(options: SettlingOptions, position: bigint | undefined) {
    this.#options = options
    this.#session = options.session
    this.#position = position
  }

  /** @throws VAL_KAFKA_* */
  static async open(options: SettlingOptions): Promise<SettlingSession> {
    return new SettlingSession(options, await options.session.position())
  }

  /** The committed position; undefined where the group has none. */
  get position(): bigint | undefined {
    return this.#position
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

  close(): Promise<void> {
    return this.#session.close()
  }

  async #commit(records: readonly SettledRecord[], nextOffset: bigint): Promise<void> {
    const position = this.#options.encode?.(nextOffset, this.refused) ?? nextOffset
    await this.#session.publish(
      records.map(({ record }) => record),
      position,
    )
    this.#position = position
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
