import { ValenceError } from '@valence/schemas'
import type { Message, ProducerRecord, RecordMetadata } from 'kafkajs'
import { kafkaErrors } from './kafka-errors.ts'
import { acknowledgedDespite } from './partial-send.ts'

/** Position of a written record. `offset`: decimal digits; "-1" if the broker recognised it only as a duplicate. */
export interface SentRecord {
  readonly id: string
  readonly topic: string
  readonly partition: number
  readonly offset: string
}

/** A record with its callbacks. */
export interface PendingRecord {
  readonly id: string
  readonly message: Message
  /** Called when the broker has acknowledged the record. */
  readonly resolve: (sent: SentRecord) => void
  /** Called when the record has failed and is not retried. */
  readonly reject: (error: ValenceError) => void
}

export interface DeliveryOptions {
  readonly topic: string
  readonly compression: number
  /** Sends to Kafka. Rejects if a record was not acknowledged. */
  readonly send: (record: ProducerRecord) => Promise<RecordMetadata[]>
  /** The partition chosen for a message. */
  readonly partitionOf: (message: Message) => number | undefined
}

const unknownOffset = -1n

/**
 * Sends batches and settles each record by its own outcome: some partitions of a batch may be written while others
 * fail, and a record that the broker refuses is found by bisection, so that it fails alone.
 */
export class Delivery {
  readonly #options: DeliveryOptions

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  /** Never rejects. */
  async deliver(batch: readonly PendingRecord[]): Promise<void> {
    const { topic, compression, send } = this.#options
    try {
      const messages = batch.map(({ message }) => message)
      const left = this.#settle(batch, await send({ topic, messages, acks: -1, compression }))
      this.#reject(left, new ValenceError('VAL_KAFKA_ACK_MISMATCH'))
    } catch (error) {
      const left = this.#settle(batch, acknowledgedDespite(error))
      const messages = left.map(({ message }) => message)
      const isRecords = kafkaErrors.refusesRecord(error) && !kafkaErrors.refusesClock(error, messages)
      if (isRecords && left.length > 1) await this.#deliverHalves(left)
      else this.#reject(left, kafkaErrors.toProduceError(error, 'VAL_PRODUCER_FAILED', messages))
    }
  }

  async #deliverHalves(batch: readonly PendingRecord[]): Promise<void> {
    const middle = Math.ceil(batch.length / 2)
    await this.deliver(batch.slice(0, middle))
    await this.deliver(batch.slice(middle))
  }

  /** Settles the records of written partitions; returns the others. */
  #settle(batch: readonly PendingRecord[], acknowledged: readonly RecordMetadata[]): PendingRecord[] {
    const { topic, partitionOf } = this.#options
    const nextOffsets = new Map(
      acknowledged.map(({ partition, baseOffset }) => [partition, BigInt(baseOffset ?? unknownOffset)]),
    )
    return batch.filter(({ id, message, resolve }) => {
      const partition = partitionOf(message)
      const offset = partition === undefined ? undefined : nextOffsets.get(partition)
      if (partition === undefined || offset === undefined) return true
      nextOffsets.set(partition, offset === unknownOffset ? offset : offset + 1n)
      resolve({ id, topic, partition, offset: String(offset) })
      return false
    })
  }

  #reject(batch: readonly PendingRecord[], error: ValenceError): void {
    for (const { reject } of batch) reject(error)
  }
}
