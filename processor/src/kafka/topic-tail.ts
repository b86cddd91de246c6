import { randomUUID } from 'node:crypto'
import { type Kafka, kafkaErrors } from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'
import type { Logger } from '../observability/logger.ts'
import { createKafkaRecordSource } from './kafka-record-source.ts'
import { startOrderedReading } from './ordered-reading.ts'
import type { RecordBatch } from './record.ts'
import type { RecordSource } from './record-source.ts'

export interface TopicTailOptions {
  /** A client of its own. */
  readonly kafka: Kafka
  readonly topic: string
  /** Each connection joins a throw-away group of this name and a random end; nothing is committed to it. */
  readonly groupPrefix: string
  readonly logger: Logger
  /** One batch of a partition at a time; the partition is read on when it resolves. */
  readonly onBatch: (batch: RecordBatch) => Promise<void> | void
  /** The log no longer has what comes next: retention was faster, or the topic was made anew. */
  readonly onGap: () => void
}

const sessionTimeoutMs = 30_000
const connectTimeoutMs = 30_000

/**
 * Reads a whole topic from the moment it first connects, committed records only. Positions are kept here and not in a
 * group, so that a connection that broke goes on at the very next record, whatever was committed when.
 */
export class TopicTail {
  readonly #options: TopicTailOptions
  /** By partition, the offset to read next. */
  readonly #positions = new Map<number, bigint>()
  #isFirst = true
  #source: RecordSource | undefined

  constructor(options: TopicTailOptions) {
    this.#options = options
  }

  /** The group of the connection counts on it: a heartbeat was answered within the session timeout. */
  get isMember(): boolean {
    return this.#source?.isMember() ?? false
  }

  /**
   * Follows the topic until the signal aborts, then resolves. May be called again after it rejected.
   * @throws VAL_KAFKA_*: the connection is lost
   */
  async follow(signal: AbortSignal, onConnected: () => void): Promise<void> {
    const lost = Promise.withResolvers<never>()
    const ended = aborted(signal)
    const source = this.#createSource()
    this.#source = source
    try {
      const started = this.#start(source, lost.reject)
      await Promise.race([within(connectTimeoutMs, started), lost.promise, ended])
      if (signal.aborted) return
      onConnected()
      await Promise.race([lost.promise, ended])
    } finally {
      lost.promise.catch(() => undefined)
      const stopped = source.stop({ leaveGroup: true })
      // Brokers that are away keep a member from leaving; its group is its own, so nobody waits for it.
      if (signal.aborted) await stopped
      else stopped.catch((err: unknown) => this.#options.logger.debug({ err }, 'tail stopped late'))
    }
  }

  #createSource(): RecordSource {
    const { kafka, topic, groupPrefix, logger } = this.#options
    const groupId = `${groupPrefix}-${randomUUID()}`
    return createKafkaRecordSource({
      kafka,
      groupId,
      topics: [topic],
      sessionTimeoutMs,
      fromBeginning: true,
      logger,
    })
  }

  async #start(source: RecordSource, onFatal: (error: Error) => void): Promise<void> {
    await this.#findPositions()
    await startOrderedReading({
      source,
      positionOf: ({ partition }) => this.#positionOf(partition),
      onBatch: (batch) => this.#handle(batch),
      onFatal,
    })
  }

  async #handle(batch: RecordBatch): Promise<void> {
    await this.#options.onBatch(batch)
    this.#positions.set(batch.partition, batch.nextOffset)
  }

  /** A partition that came later is read from its first record. */
  #positionOf(partition: number): bigint {
    return this.#positions.get(partition) ?? 0n
  }

  async #findPositions(): Promise<void> {
    const ranges = await this.#fetchRanges()
    let hasGap = false
    for (const { partition, low, high } of ranges) {
      const position = this.#positions.get(partition)
      if (position === undefined) this.#positions.set(partition, this.#isFirst ? high : low)
      else if (position < low || position > high) {
        this.#positions.set(partition, low)
        hasGap = true
      }
    }
    this.#isFirst = false
    if (hasGap) this.#options.onGap()
  }

  async #fetchRanges() {
    const { kafka, topic } = this.#options
    const admin = kafka.admin()
    try {
      await admin.connect()
      const offsets = await admin.fetchTopicOffsets(topic)
      return offsets.map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }))
    } catch (error) {
      throw kafkaErrors.toValenceError(error, 'VAL_KAFKA_UNREACHABLE')
    } finally {
      await admin.disconnect()
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** kafkajs can wait for ever for brokers that vanish while it joins. */
async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new ValenceError('VAL_KAFKA_UNREACHABLE', 'joining takes too long')),
    timeoutMs,
  )
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
