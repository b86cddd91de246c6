import { setTimeout as delay } from 'node:timers/promises'
import {
  type Consumer,
  type EachBatchPayload,
  headersOf,
  type Kafka,
  kafkaErrors,
  MembershipWatch,
  type OversizedBatch,
  onOversizedBatch,
  retainRecords,
  setLeaveGroup,
  takeEmptyBatches,
  topicIdOf,
} from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'
import type { Logger } from '../observability/logger.ts'
import { nameMissingTopic } from './name-missing-topic.ts'
import type { RecordBatch } from './record.ts'
import type { RecordSource, RecordSourceHandlers } from './record-source.ts'
import { partitionName, type TopicPartition } from './topic-partition.ts'

export interface KafkaRecordSourceOptions {
  /** A client of its own: kafkajs shares a map of committed offsets between the clients of one `Kafka`. */
  readonly kafka: Kafka
  readonly groupId: string
  readonly topics: readonly string[]
  readonly sessionTimeoutMs: number
  readonly fromBeginning: boolean
  /** Of a join or a request in a row, before the consumer has failed; 60 ride out an outage of a minute and more. */
  readonly retries?: number
  readonly logger: Logger
}

const maxWaitMs = 250
const maxLeaveMs = 5_000
/**
 * Minimum time between fetches while records are queued. A broker answers as soon as it has one record, hundreds of
 * times a second on a busy topic; fewer fetches bring larger batches.
 */
const minFetchIntervalMs = 20
/** Interval of the watchdog. It counts its own ticks, so that a process stopped by SIGSTOP does not look stalled. */
const watchMs = 1_000
/** Time without a fetch after which the consumer counts as stalled; shorter broker outages are ridden out. */
const minSilentMs = 90_000

/**
 * The consumer of one processor. `eachBatch` is only a pump: it hands the batch over, resolves it and returns at once,
 * because kafkajs fetches again only when every handler is done, and treats a thrown error as a crash.
 */
class KafkaRecordSource implements RecordSource {
  readonly #options: KafkaRecordSourceOptions
  readonly #consumer: Consumer
  readonly #assigned = new Map<string, TopicPartition>()
  #handlers: RecordSourceHandlers | undefined
  /** As the group knows this member; it gives another id to one that it had dropped. */
  #memberId: string | undefined
  #ownershipWaiters: (() => void)[] = []
  readonly #membership: MembershipWatch
  #lastFetch = performance.now()
  #silentTurns = 0
  #watchdog: NodeJS.Timeout | undefined
  #stopping = false

  constructor(options: KafkaRecordSourceOptions) {
    this.#options = options
    this.#membership = new MembershipWatch(options.sessionTimeoutMs, watchMs)
    this.#consumer = options.kafka.consumer({
      groupId: options.groupId,
      sessionTimeout: options.sessionTimeoutMs,
      // A member that does not join again sends no heartbeat either. A broker holds a join for so long at most, and one
      // that had no answer is sent again 5 s later.
      rebalanceTimeout: options.sessionTimeoutMs,
      heartbeatInterval: Math.min(1_000, Math.floor(options.sessionTimeoutMs / 6)),
      // kafkajs decodes a whole response in one go; this much takes a few milliseconds of the event loop.
      maxBytesPerPartition: 256 * 1024,
      maxBytes: 512 * 1024,
      maxWaitTimeInMs: maxWaitMs,
      allowAutoTopicCreation: false,
      readUncommitted: false,
      // How long a partition that is added to a topic goes unread.
      metadataMaxAge: 10_000,
      retry: {
        initialRetryTime: 100,
        maxRetryTime: 3_000,
        retries: options.retries ?? 60,
        restartOnFailure: async () => false,
      },
    })
  }

  async start(handlers: RecordSourceHandlers): Promise<void> {
    // A failed start may be tried again: remove its listeners, else every event would be heard twice.
    if (this.#handlers === undefined) this.#listen()
    this.#handlers = handlers
    try {
      await this.#consumer.connect()
      const { topics, fromBeginning } = this.#options
      await this.#consumer.subscribe({ topics: [...topics], fromBeginning }).catch(nameMissingTopic(...topics))
      await this.#joinGroup()
    } catch (error) {
      await this.#consumer.disconnect().catch(() => undefined)
      throw kafkaErrors.toValenceError(error, 'VAL_KAFKA_CONSUMER_CRASHED')
    }
    this.#silentTurns = 0
    this.#watchdog = setInterval(() => this.#watch(), watchMs)
    this.#watchdog.unref()
  }

  seek({ topic, partition }: TopicPartition, offset: bigint): void {
    this.#consumer.seek({ topic, partition, offset: offset.toString() })
  }

  pause({ topic, partition }: TopicPartition): void {
    this.#consumer.pause([{ topic, partitions: [partition] }])
  }

  resume({ topic, partition }: TopicPartition): void {
    this.#consumer.resume([{ topic, partitions: [partition] }])
  }

  async confirmOwnership(partition: TopicPartition): Promise<boolean> {
    if (this.#stopping) return false
    await new Promise<void>((resolve) => this.#ownershipWaiters.push(resolve))
    return !this.#stopping && this.#assigned.has(partitionName(partition))
  }

  isMember(): boolean {
    return !this.#stopping && this.#membership.isMember
  }

  async stop({ leaveGroup }: { leaveGroup: boolean }): Promise<void> {
    this.#stopping = true
    clearInterval(this.#watchdog)
    this.#releaseWaiters()
    setLeaveGroup(this.#consumer, leaveGroup)
    const disconnected = this.#consumer.disconnect()
    // kafkajs finishes a join first, which an unreachable broker can delay by a minute.
    await Promise.race([disconnected, delay(maxLeaveMs, undefined, { ref: false })])
    disconnected.catch((err: unknown) => this.#options.logger.debug({ err }, 'consumer stopped late'))
  }

  /** `run` resolves before the first join on some paths, so wait for the event. */
  async #joinGroup(): Promise<void> {
    const { events } = this.#consumer
    const { promise: joined, resolve, reject } = Promise.withResolvers<void>()
    const removeListeners = [
      this.#consumer.on(events.GROUP_JOIN, () => resolve()),
      this.#consumer.on(events.CRASH, ({ payload }) => reject(payload.error)),
    ]
    // `run` may reject as well; the second rejection must not count as unhandled.
    joined.catch(() => undefined)
    try {
      await this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 3,
        eachBatch: (payload) => this.#take(payload),
      })
      await joined
    } finally {
      for (const remove of removeListeners) remove()
    }
    this.#consumer.on(events.CRASH, ({ payload }) =>
      this.#fail(kafkaErrors.toValenceError(payload.error, 'VAL_KAFKA_CONSUMER_CRASHED')),
    )
  }

  #listen(): void {
    const { events } = this.#consumer
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) =>
      this.#takeAssignment(payload.memberAssignment, payload.duration, payload.memberId),
    )
    onOversizedBatch(this.#consumer, (batch) => this.#refuse(batch))
    takeEmptyBatches(this.#consumer)
    this.#consumer.on(events.HEARTBEAT, () => {
      this.#membership.confirmed()
      this.#releaseWaiters()
    })
    this.#consumer.on(events.REQUEST_TIMEOUT, ({ payload }) => this.#membership.unanswered(payload.apiName))
    this.#consumer.on(events.FETCH, () => {
      this.#lastFetch = performance.now()
      this.#silentTurns = 0
      this.#membership.fetched()
    })
  }

  #takeAssignment(assignment: Record<string, number[]>, joinMs: number, memberId: string): void {
    this.#membership.confirmed()
    const isNewMember = this.#memberId !== memberId
    this.#memberId = memberId
    const partitions = Object.entries(assignment).flatMap(([topic, numbers]) =>
      numbers.map((partition) => ({ topic, partition })),
    )
    const retained = new Set(isNewMember ? [] : this.#assigned.keys())
    this.#assigned.clear()
    for (const partition of partitions) {
      const name = partitionName(partition)
      this.#assigned.set(name, partition)
      if (!retained.has(name)) this.pause(partition)
    }
    this.#handlers?.onAssigned({ partitions, joinMs, isNewMember })
    this.#releaseWaiters()
  }

  /** kafkajs fetches again when this resolves for every batch of a fetch. */
  async #take(payload: EachBatchPayload): Promise<void> {
    this.#pump(payload)
    if (this.#stopping || !this.#handlers?.isBehind?.(payload.batch)) return
    const restMs = this.#lastFetch + minFetchIntervalMs - performance.now()
    if (restMs > 0) await delay(restMs)
  }

  #pump({ batch, resolveOffset }: EachBatchPayload): void {
    const name = partitionName(batch)
    // A batch can arrive after its partition was taken away; resolving it then would crash kafkajs.
    if (!this.#assigned.has(name) || this.#stopping) return
    const lastOffset = batch.lastOffset()
    // `fetchedOffset` is there in JavaScript but missing from the types.
    const fetchedOffset = BigInt((batch as unknown as { fetchedOffset: string }).fetchedOffset)
    const hold = retainRecords(batch)
    const handed: RecordBatch = {
      heldBytes: hold?.bytes,
      release: hold?.release,
      topic: batch.topic,
      partition: batch.partition,
      topicId: topicIdOf(batch),
      fetchedOffset,
      nextOffset: BigInt(lastOffset) + 1n,
      highWatermark: BigInt(batch.highWatermark),
      records: batch.messages.map((message) => ({
        offset: BigInt(message.offset),
        timestamp: BigInt(message.timestamp),
        key: message.key,
        value: message.value,
        headers: headersOf(message),
      })),
    }
    resolveOffset(lastOffset)
    this.#handlers?.onBatch(handed)
  }

  #refuse({ topic, partition, fetchedOffset, limitBytes }: OversizedBatch): void {
    if (this.#stopping || !this.#assigned.has(partitionName({ topic, partition }))) return
    // Without a pause here it would be fetched again at once.
    this.pause({ topic, partition })
    const detail = `${partitionName({ topic, partition })} at ${fetchedOffset}: more than ${limitBytes} bytes`
    this.#handlers?.onUnreadable({ topic, partition }, new ValenceError('VAL_KAFKA_BATCH_TOO_LARGE', detail))
  }

  #watch(): void {
    const lost = this.#membership.turn()
    if (lost !== undefined) {
      this.#fail(new ValenceError('VAL_KAFKA_MEMBERSHIP_LOST', lost))
      return
    }
    this.#silentTurns += 1
    // A join may take a session, and is tried twice.
    if (this.#silentTurns * watchMs <= Math.max(minSilentMs, 3 * this.#options.sessionTimeoutMs)) return
    const code = this.#membership.isMember ? 'VAL_KAFKA_FETCH_STALLED' : 'VAL_KAFKA_MEMBERSHIP_LOST'
    this.#fail(new ValenceError(code, `no fetch for ${(this.#silentTurns * watchMs) / 1_000} s`))
  }

  #fail(error: ValenceError): void {
    if (this.#stopping) return
    clearInterval(this.#watchdog)
    this.#options.logger.error({ code: error.code, err: error }, 'consumer crashed')
    this.#handlers?.onFatal(error)
  }

  #releaseWaiters(): void {
    const waiters = this.#ownershipWaiters
    this.#ownershipWaiters = []
    for (const resolve of waiters) resolve()
  }
}

export function createKafkaRecordSource(options: KafkaRecordSourceOptions): RecordSource {
  return new KafkaRecordSource(options)
}
