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

const defaultTimeoutMs = 30_000
const leaderNotAvailable = 5

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
    const { eosManager, retrier } = this.#context
    let batches: ProduceBatch[] | undefined
    let release = () => {}
    try {
      return await retrier(async (bail) => {
        try {
          if (!batches) {
            const held = await eosManager.locks.acquireAfter(() => this.#plan(options.topicMessages))
            release = held.release
            batches = await this.#claim(held.partitions)
          }
          await this.#attempt(batches, options)
          return batches.flatMap(({ acknowledgement }) => acknowledgement ?? [])
        } catch (error) {
          // Without claimed sequences there is nothing to protect, and the next try queues for the locks again.
          if (!batches) release()
          if (isRetriable(error)) await this.#recover(error as KafkaJsError)
          else bail(error)
          throw error
        }
      })
    } catch (error) {
      if (batches) {
        eosManager.giveUp(error)
        rememberAcknowledged(error, batches)
      }
      throw error
    } finally {
      release()
    }
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
    return records.map((own) => ({
      ...own,
      identity: eosManager.claimSequence(own.topic, own.partition, own.messages.length),
    }))
  }

  /** One try for everything that is not acknowledged; ends when every broker has answered or failed. */
  async #attempt(batches: readonly ProduceBatch[], options: SendOptions): Promise<void> {
    const { byLeader, failures } = await this.#findLeaders(batches.filter((own) => !own.acknowledgement))
    const requests = [...byLeader].map(([leader, own]) => this.#produce(leader, own, options))
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
    for (const [nodeId, own] of byNode) {
      try {
        byLeader.set(await cluster.findBroker({ nodeId }), own)
      } catch (error) {
        failures.push(error)
      }
    }
    return { byLeader, failures }
  }

  async #produce(broker: Broker, batches: readonly ProduceBatch[], options: SendOptions): Promise<void> {
    const { errors, protocol, createErrorFromCode } = this.#internals
    const { eosManager } = this.#context
    const produceRequest = requestFor(broker, protocol, 'Produce', {
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
    const response = { ...produceRequest.response, parse: async (data: unknown) => data }
    const answer = await sendTo(broker, { ...produceRequest, response })
    if (options.acks === 0) return
    const failed = settle(batches, acknowledgementsOf(answer as ProduceResponse))
    if (failed.length === 0) return
    const silent = failed.filter(({ errorCode }) => errorCode === null)
    const refusal = refusalOf(
      failed.flatMap(({ topic, errorCode }) => (errorCode === null ? [] : { topic, errorCode })),
      createErrorFromCode,
    )
    throw mostSevere([
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
