import { requestFor, sendTo } from './broker-request.ts'
import type { EosManager } from './eos-manager.ts'
import type {
  Broker,
  Cluster,
  Errors,
  KafkaJsError,
  Logger,
  PartitionMetadata,
  Protocol,
  Retrier,
} from './internals.ts'
import { isLed } from './leaderless-partitions.ts'
import {
  groupByTopic,
  type Partitioner,
  type PartitionRecords,
  planPartitions,
  type TopicMessages,
} from './partition-plan.ts'
import { refusalOf } from './partition-refusals.ts'
import {
  type Acknowledgement,
  acknowledgementsOf,
  type FailedBatch,
  isRetriable,
  mostSevere,
  type ProduceBatch,
  type ProduceResponse,
  rememberAcknowledged,
  settle,
} from './produce-batch.ts'

export interface SendOptions {
  readonly acks: number
  readonly timeout?: number
  readonly compression?: number
  readonly topicMessages: readonly TopicMessages[]
}

export interface MessageSenderInternals {
  readonly errors: Pick<Errors, 'KafkaJSError' | 'KafkaJSTopicMetadataNotLoaded'>
  readonly protocol: Protocol
  readonly createErrorFromCode: (code: number) => KafkaJsError
}

export interface MessageSenderContext {
  readonly logger: Logger
  readonly cluster: Cluster
  readonly partitioner: Partitioner
  readonly eosManager: EosManager
  readonly retrier: Retrier
}

/** kafkajs's own default for `timeout` of a send. */
const defaultTimeoutMs = 30_000
/** LEADER_NOT_AVAILABLE of Kafka's protocol. */
const leaderNotAvailable = 5

/**
 * One call of `send`, through all its tries.
 *
 * | it has                  | since                                   | until                                                    |
 * | ----------------------- | --------------------------------------- | -------------------------------------------------------- |
 * | nothing                 | the call, or a try that failed planning | its partitions are known and their locks held            |
 * | locks                   | `#plan`                                 | sequences are claimed; a failure gives the locks back    |
 * | locks and sequences     | `#claim`                                | every batch is acknowledged, or the retrier gives up     |
 */
interface Send {
  readonly options: SendOptions
  /** One a partition, with claimed sequences; each remembers whether it is acknowledged. */
  batches: ProduceBatch[] | undefined
  /** Gives the locks back; may be called again. */
  release: () => void
}

/**
 * Hunks A, B, C and G1, in the place of kafkajs's `sendMessages`. Partitions and sequence numbers are fixed before the
 * first attempt and kept through retries; an attempt waits for all brokers to answer; what was acknowledged is known by
 * partition, not by broker; and `send` resolves only when every partition was.
 */
export class MessageSender {
  readonly #internals: MessageSenderInternals
  readonly #context: MessageSenderContext

  constructor(internals: MessageSenderInternals, context: MessageSenderContext) {
    this.#internals = internals
    this.#context = context
  }

  async send(options: SendOptions): Promise<Acknowledgement[]> {
    const send: Send = { options, batches: undefined, release: () => undefined }
    try {
      return await this.#context.retrier((bail) => this.#try(send, bail))
    } catch (error) {
      this.#giveUp(send, error)
      throw error
    } finally {
      send.release()
    }
  }

  /** One try: claims what no try before has claimed, then sends what is not acknowledged. */
  async #try(send: Send, bail: (error: unknown) => void): Promise<Acknowledgement[]> {
    try {
      send.batches ??= await this.#claimLocked(send)
      await this.#attempt(send.batches, send.options)
      return send.batches.flatMap(({ acknowledgement }) => acknowledgement ?? [])
    } catch (error) {
      // Without claimed sequences there is nothing to protect, and the next try queues for the locks again.
      if (!send.batches) send.release()
      if (isRetriable(error)) await this.#recover(error as KafkaJsError)
      else bail(error)
      throw error
    }
  }

  async #claimLocked(send: Send): Promise<ProduceBatch[]> {
    const { locks } = this.#context.eosManager
    const { partitions, release } = await locks.acquireAfter(() => this.#plan(send.options.topicMessages))
    send.release = release
    return this.#claim(partitions)
  }

  /** Claimed sequences that were not acknowledged may be written or not: the producer id is of no use any more. */
  #giveUp({ batches }: Send, error: unknown): void {
    if (!batches) return
    this.#context.eosManager.giveUp(error)
    rememberAcknowledged(error, batches)
  }

  async #plan(topicMessages: readonly TopicMessages[]): Promise<PartitionRecords[]> {
    const { cluster, partitioner } = this.#context
    await cluster.addMultipleTargetTopics(topicMessages.map(({ topic }) => topic))
    await cluster.refreshMetadataIfNecessary()
    return planPartitions(topicMessages, (topic) => this.#metadataOf(topic), partitioner)
  }

  #metadataOf(topic: string): PartitionMetadata[] {
    const metadata = this.#context.cluster.findTopicPartitionMetadata(topic)
    if (metadata.length > 0) return metadata
    throw this.#missing(topic, 'has no metadata')
  }

  #missing(topic: string, what: string): KafkaJsError {
    const { KafkaJSTopicMetadataNotLoaded } = this.#internals.errors
    return new KafkaJSTopicMetadataNotLoaded(`Topic ${topic} ${what}`, { topic })
  }

  async #claim(records: readonly PartitionRecords[]): Promise<ProduceBatch[]> {
    const { eosManager } = this.#context
    await eosManager.prepareSend()
    if (eosManager.isTransactional()) {
      await eosManager.addPartitionsToTransaction(groupByTopic(records, ({ partition }) => ({ partition })))
    }
    return records.map((planned) => ({
      ...planned,
      identity: eosManager.claimSequence(planned.topic, planned.partition, planned.messages.length),
    }))
  }

  /** One try for everything that is not acknowledged; ends when every broker has answered or failed. */
  async #attempt(batches: readonly ProduceBatch[], options: SendOptions): Promise<void> {
    const { byLeader, failures } = await this.#findLeaders(batches.filter(({ acknowledgement }) => !acknowledgement))
    const requests = [...byLeader].map(([leader, led]) => this.#produce(leader, led, options))
    for (const outcome of await Promise.allSettled(requests)) {
      if (outcome.status === 'rejected') failures.push(outcome.reason)
    }
    if (failures.length === 0) return
    for (const error of failures) this.#dropBroker(error as KafkaJsError)
    throw mostSevere(failures)
  }

  /** One connection for each leader: a dead one is tried once, not for each of its partitions. */
  async #findLeaders(batches: readonly ProduceBatch[]) {
    const { cluster } = this.#context
    const byNode = new Map<number, ProduceBatch[]>()
    const failures: unknown[] = []
    for (const batch of batches) {
      const { topic, partition } = batch
      const metadata = this.#metadataOf(topic).find(({ partitionId }) => partitionId === partition)
      if (!metadata) failures.push(this.#missing(topic, `has no partition ${partition}`))
      else if (!isLed(metadata)) failures.push(this.#internals.createErrorFromCode(leaderNotAvailable))
      else byNode.set(metadata.leader, [...(byNode.get(metadata.leader) ?? []), batch])
    }
    const byLeader = new Map<Broker, ProduceBatch[]>()
    for (const [nodeId, led] of byNode) {
      try {
        byLeader.set(await cluster.findBroker({ nodeId }), led)
      } catch (error) {
        failures.push(error)
      }
    }
    return { byLeader, failures }
  }

  async #produce(broker: Broker, batches: readonly ProduceBatch[], options: SendOptions): Promise<void> {
    const answer = await sendTo(broker, this.#requestFor(broker, batches, options))
    if (options.acks === 0) return
    const failed = settle(batches, acknowledgementsOf(answer as ProduceResponse))
    if (failed.length > 0) throw this.#refusalOf(failed)
  }

  #requestFor(broker: Broker, batches: readonly ProduceBatch[], options: SendOptions) {
    const { eosManager } = this.#context
    const request = requestFor(broker, this.#internals.protocol, 'Produce', {
      acks: options.acks,
      timeout: options.timeout ?? defaultTimeoutMs,
      compression: options.compression,
      transactionalId: eosManager.isTransactional() ? eosManager.getTransactionalId() : undefined,
      producerId: batches[0]?.identity.producerId,
      producerEpoch: batches[0]?.identity.producerEpoch,
      topicData: groupByTopic(batches, ({ partition, messages, identity }) => ({
        partition,
        messages,
        firstSequence: identity.firstSequence,
      })),
    })
    // kafkajs's own parser reports the first partition that failed and forgets the ones that were written.
    return { ...request, response: { ...request.response, parse: async (data: unknown) => data } }
  }

  /** The most severe of what the broker said, or did not say, of the batches that failed. */
  #refusalOf(failed: readonly FailedBatch[]): unknown {
    const { errors, createErrorFromCode } = this.#internals
    const silent = failed.filter(({ errorCode }) => errorCode === null)
    const refusal = refusalOf(
      failed.flatMap(({ topic, errorCode }) => (errorCode === null ? [] : { topic, errorCode })),
      createErrorFromCode,
    )
    return mostSevere([
      ...(refusal ? [refusal] : []),
      ...silent.map(() => new errors.KafkaJSError('The broker did not answer for a partition')),
    ])
  }

  #dropBroker({ name, host, port }: KafkaJsError): void {
    if (name === 'KafkaJSConnectionClosedError' && host && port) this.#context.cluster.removeBroker({ host, port })
  }

  async #recover(error: KafkaJsError): Promise<void> {
    const { cluster, logger } = this.#context
    logger.debug('Sending again', { error: error.message })
    if (!cluster.isConnected()) await cluster.connect()
    await cluster.refreshMetadata()
  }
}
