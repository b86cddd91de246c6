import { defaultTopics, ValenceError } from '@valence/schemas'
import { type Connection, kafkaFrom, type RegistryConnection, registryFrom } from '../connection.ts'
import { type Consumer, kafkaErrors, MembershipWatch, type RetryOptions, setLeaveGroup } from '../kafka/index.ts'
import { createScoreDecoder } from './score-decoder.ts'
import type { ScoreHandlers } from './score-handler.ts'
import { ScorePump } from './score-pump.ts'

/** Topic, group and handlers of a consumer of scored events. */
export type ScoreConsumerOptions = Connection &
  RegistryConnection &
  ScoreHandlers & {
    readonly groupId: string
    /** @default 'sentiment.scores.v1' */
    readonly topic?: string | undefined
    /**
     * `at-least-once` commits handled events every second and at the end; `manual` commits only with `meta.commit()`.
     *
     * @default 'at-least-once'
     */
    readonly commit?: 'at-least-once' | 'manual' | undefined
    /**
     * Whether a group without committed offsets begins with the oldest event. @default false: with events written
     * from now on
     */
    readonly fromBeginning?: boolean | undefined
    /**
     * Makes the consumer a static member of the group: a restart within `sessionTimeoutMs` moves no partition. Must be
     * unique in the group. Not allowed together with `kafka`; set `groupInstanceId` of that client instead.
     */
    readonly instanceId?: string | undefined
    /** Number of partitions handled concurrently. @default 1 */
    readonly concurrency?: number | undefined
    /** @default 30000 */
    readonly sessionTimeoutMs?: number | undefined
    /** Retries while the cluster is unreachable, before `done` rejects. @default 12 retries, about 40 s */
    readonly fetchRetry?: RetryOptions | undefined
  }

/** A consumer of scored events. */
export interface ScoreConsumer {
  /** Resolves when the consumer has joined the group. @throws VAL_KAFKA_*, VAL_CONFIG_INVALID */
  start(): Promise<void>
  /**
   * Finishes the current event, commits (unless commits are manual) and disconnects. A static member keeps its
   * partitions for a restart unless `leaveGroup` is true.
   */
  stop(options?: { leaveGroup?: boolean }): Promise<void>
  /**
   * Resolves after `stop()`. Rejects if the consumer ended by itself: VAL_CONSUMER_HANDLER_FAILED with the handler's
   * error as its cause, VAL_SCHEMA_* or VAL_RECORD_* for a record that is not a scored event, else VAL_KAFKA_*.
   */
  readonly done: Promise<void>
}

const defaults = {
  clientId: 'valence-score-consumer',
  sessionTimeoutMs: 30_000,
  maxWaitTimeMs: 250,
  commitIntervalMs: 1_000,
  watchMs: 1_000,
  fetchRetry: { retries: 12, initialRetryTime: 200, maxRetryTime: 5_000 },
} as const

/** Creates a read-committed consumer of scored events. */
export function createScoreConsumer(options: ScoreConsumerOptions): ScoreConsumer {
  return new KafkaScoreConsumer(options)
}

class KafkaScoreConsumer implements ScoreConsumer {
  readonly done: Promise<void>
  readonly #options: ScoreConsumerOptions
  readonly #consumer: Consumer
  readonly #pump: ScorePump
  readonly #end = Promise.withResolvers<void>()
  readonly #membership: MembershipWatch
  #watchdog: NodeJS.Timeout | undefined
  #stopping: Promise<void> | undefined

  constructor(options: ScoreConsumerOptions) {
    if (options.kafka && options.instanceId !== undefined) {
      throw new ValenceError('VAL_CONFIG_INVALID', 'instanceId belongs to the client: createKafka({ groupInstanceId })')
    }
    this.#options = options
    this.done = this.#end.promise
    const { instanceId: groupInstanceId, sessionTimeoutMs = defaults.sessionTimeoutMs } = options
    const clientDefaults = { clientId: defaults.clientId, ...(groupInstanceId ? { groupInstanceId } : {}) }
    this.#consumer = kafkaFrom(options, clientDefaults).consumer({
      groupId: options.groupId,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: Math.floor(sessionTimeoutMs / 10),
      maxWaitTimeInMs: defaults.maxWaitTimeMs,
      allowAutoTopicCreation: false,
      // kafkajs's own restart can skip records; a process restart cannot.
      retry: { ...(options.fetchRetry ?? defaults.fetchRetry), restartOnFailure: async () => false },
    })
    this.#pump = new ScorePump({
      handlers: options,
      groupId: options.groupId,
      decode: createScoreDecoder(registryFrom(options)),
      onFailure: (error) => this.#fail(error),
      heartbeatEveryMs: Math.floor(sessionTimeoutMs / 10),
    })
    this.#membership = new MembershipWatch(sessionTimeoutMs, defaults.watchMs)
    this.#watchMembership()
    this.#consumer.on(this.#consumer.events.CRASH, ({ payload: { error } }) => {
      this.#fail(kafkaErrors.toValenceError(error, 'VAL_KAFKA_CONSUMER_CRASHED'))
    })
  }

  async start(): Promise<void> {
    const { topic = defaultTopics.scores, fromBeginning = false, commit, concurrency = 1 } = this.#options
    const joined = Promise.withResolvers<void>()
    const removeListener = this.#consumer.on(this.#consumer.events.GROUP_JOIN, () => joined.resolve())
    try {
      await this.#consumer.connect()
      await this.#consumer.subscribe({ topics: [topic], fromBeginning })
      await this.#consumer.run({
        autoCommit: commit !== 'manual',
        // The interval also applies with autoCommit off.
        autoCommitInterval: commit === 'manual' ? null : defaults.commitIntervalMs,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: concurrency,
        eachBatch: (payload) => this.#pump.handle(payload),
      })
      await Promise.race([joined.promise, this.done])
      this.#watchdog = setInterval(() => this.#checkMembership(), defaults.watchMs)
      this.#watchdog.unref()
    } catch (error) {
      // The caller of start() gets the error; `done` must not cause an unhandled rejection.
      this.done.catch(() => {})
      await this.#consumer.disconnect()
      throw kafkaErrors.toValenceError(error, 'VAL_KAFKA_CONSUMER_CRASHED')
    } finally {
      removeListener()
    }
  }

  async stop({ leaveGroup = false }: { leaveGroup?: boolean } = {}): Promise<void> {
    if (leaveGroup) setLeaveGroup(this.#consumer, true)
    this.#stopping ??= this.#disconnect()
    await this.#stopping
    this.#end.resolve()
  }

  #watchMembership(): void {
    const { events } = this.#consumer
    this.#consumer.on(events.GROUP_JOIN, () => this.#membership.confirmed())
    this.#consumer.on(events.HEARTBEAT, () => this.#membership.confirmed())
    this.#consumer.on(events.FETCH, () => this.#membership.fetched())
    this.#consumer.on(events.REQUEST_TIMEOUT, ({ payload }) => this.#membership.unanswered(payload.apiName))
  }

  /**
   * Detects lost membership: with stock kafkajs, a consumer that failed to rejoin continues to fetch; a join may get
   * no answer.
   */
  #checkMembership(): void {
    const lost = this.#membership.turn()
    if (lost === undefined) return
    clearInterval(this.#watchdog)
    this.#fail(new ValenceError('VAL_KAFKA_MEMBERSHIP_LOST', lost))
  }

  async #disconnect(): Promise<void> {
    clearInterval(this.#watchdog)
    this.#pump.stop()
    await this.#consumer.disconnect()
  }

  #fail(error: ValenceError): void {
    this.#pump.stop()
    // The reporting batch must return before the consumer can stop.
    this.#stopping ??= new Promise((resolve) => setImmediate(resolve)).then(() => this.#disconnect())
    this.#stopping.then(
      () => this.#end.reject(error),
      () => this.#end.reject(error),
    )
  }
}
