import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Kafka, kafkaErrors } from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'
import type { Logger } from '../observability/logger.ts'
import { withTimeout } from '../platform/timeout.ts'
import { createKafkaRecordSource } from './kafka-record-source.ts'
import { fetchLogRanges, type LogRange, type LogRanges } from './log-ranges.ts'
import { type OrderedReading, startOrderedReading } from './ordered-reading.ts'
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
/** How often a leader that is missing is looked for. */
const lookMs = 1_000

/**
 * Reads a whole topic from the moment it first connects, committed records only. Positions are kept here and not in a
 * group, so that a connection that broke goes on at the very next record, whatever was committed when. Of a partition
 * without a leader nobody knows the end; it is read from where its log ends when it has one.
 */
export class TopicTail {
  readonly #options: TopicTailOptions
  /** By partition, the offset to read next. */
  readonly #positions = new Map<number, bigint>()
  /** Without a leader and without a position. */
  readonly #awaited = new Set<number>()
  #isFirst = true
  #source: RecordSource | undefined

  constructor(options: TopicTailOptions) {
    this.#options = options
  }

  /** The group of the connection counts on it: a heartbeat was answered withTimeout the session timeout. */
  get isMember(): boolean {
    return this.#source?.isMember() ?? false
  }

  /**
   * Follows the topic until the signal aborts, then resolves. May be called again after it rejected.
   * @throws VAL_KAFKA_*: the connection is lost
   */
  async follow(signal: AbortSignal, onConnected: () => void): Promise<void> {
    const lost = Promise.withResolvers<never>()
    const closing = new AbortController()
    const ended = aborted(signal)
    const source = this.#createSource()
    this.#source = source
    try {
      const started = this.#start(source, lost.reject)
      // kafkajs can wait for ever for brokers that vanish while it joins.
      const joined = withTimeout(connectTimeoutMs, started, joinsTooLong)
      const reading = await Promise.race([joined, lost.promise, ended])
      if (signal.aborted || reading === undefined) return
      void this.#awaitLeaders(reading, closing.signal)
      onConnected()
      await Promise.race([lost.promise, ended])
    } finally {
      closing.abort()
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
      // Whoever follows connects again by itself, and looks for gaps then.
      retries: 3,
      logger,
    })
  }

  async #start(source: RecordSource, onFatal: (error: Error) => void): Promise<OrderedReading> {
    await this.#findPositions()
    return startOrderedReading({
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
  #positionOf(partition: number): bigint | undefined {
    return this.#positions.get(partition) ?? (this.#awaited.has(partition) ? undefined : 0n)
  }

  async #awaitLeaders(reading: OrderedReading, signal: AbortSignal): Promise<void> {
    const { topic, logger } = this.#options
    while (this.#awaited.size > 0) {
      await sleep(lookMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      try {
        const { known } = await this.#fetchRanges()
        for (const range of known.filter(({ partition }) => this.#awaited.has(partition))) {
          this.#begin(range)
          reading.moved({ topic, partition: range.partition })
        }
      } catch (err) {
        logger.debug({ err }, 'leaders not looked for')
      }
    }
  }

  /** At the end of the log; one that came later than the first connection is read from its first record. */
  #begin({ partition, low, high }: LogRange): void {
    this.#positions.set(partition, this.#isFirst || this.#awaited.delete(partition) ? high : low)
  }

  async #findPositions(): Promise<void> {
    const { known, leaderless } = await this.#fetchRanges()
    let hasGap = false
    for (const range of known) {
      const { partition, low, high } = range
      const position = this.#positions.get(partition)
      if (position === undefined) this.#begin(range)
      else if (position < low || position > high) {
        this.#positions.set(partition, low)
        hasGap = true
      }
    }
    for (const partition of this.#isFirst ? leaderless : []) this.#awaited.add(partition)
    this.#isFirst = false
    if (hasGap) this.#options.onGap()
  }

  async #fetchRanges(): Promise<LogRanges> {
    const { kafka, topic } = this.#options
    const admin = kafka.admin()
    try {
      await admin.connect()
      return await fetchLogRanges(admin, topic)
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

function joinsTooLong(): ValenceError {
  return new ValenceError('VAL_KAFKA_UNREACHABLE', 'joining takes too long')
}
