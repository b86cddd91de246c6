import { AsyncLocalStorage } from 'node:async_hooks'
import type { PartitionMetadata } from './internals.ts'

interface TopicMetadata {
  readonly topic: string
  readonly partitionMetadata: readonly PartitionMetadata[]
}

interface Metadata {
  readonly topicMetadata: readonly TopicMetadata[]
}

type ParseMetadata = (data: Metadata) => Promise<unknown>

/**
 * kafkajs's parser of every version of Metadata: throws the first error that it finds, of a topic or of a partition.
 */
export interface MetadataParser {
  parse: ParseMetadata
}

export interface ReadingBrokerClass {
  readonly prototype: { metadata(topics?: readonly string[]): Promise<unknown> }
}

interface BrokerPool {
  readonly metadata: Metadata | null
  metadataExpireAt: number | null
  refreshMetadata(topics: readonly string[]): Promise<unknown>
}

export interface ReadingPoolClass {
  readonly prototype: BrokerPool
}

interface TopicQuestion {
  readonly topic: string
  readonly partitions: readonly { readonly partition: number }[]
}

interface TopicOffsets {
  readonly topic: string
  readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
}

interface Cluster {
  readonly brokerPool: Pick<BrokerPool, 'metadataExpireAt'>
  metadata(options?: object): Promise<unknown>
  findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[]
  fetchTopicsOffset(topics: readonly TopicQuestion[]): Promise<TopicOffsets[]>
}

export interface ReadingClusterClass {
  readonly prototype: Cluster
}

interface OffsetManager {
  readonly topics: readonly string[]
  committedOffsets(): Record<string, Record<number, string> | undefined>
  resolveOffsets(): Promise<void>
}

export interface OffsetManagerClass {
  readonly prototype: OffsetManager
}

/** The leader id of a partition without a leader, in the protocol and in kafkajs. */
const noLeader = -1
/** Kafka's own mark of an offset that is not known; kafkajs takes it for one that is yet to be asked for. */
const unknownOffset = '-1'
/** Metadata refresh interval while a leader is missing; the default is minutes. Chosen, not measured. */
const lookAgainMs = 1_000

/** Metadata to work with; `createTopics` of the admin client alone asks a broker past these, to wait for leaders. */
const reads = new AsyncLocalStorage<true>()

export function isLed({ leader }: PartitionMetadata): boolean {
  return leader > noLeader
}

/**
 * Hunk U. Stock kafkajs rejects a metadata response if one partition has no leader, so the client cannot read, write or
 * join for other partitions either. Here the leader of such a partition is −1. An error of a whole topic is still
 * thrown.
 * Returns the stock parser.
 */
export function acceptLeaderless(parser: MetadataParser): ParseMetadata {
  const { parse: stockParse } = parser
  parser.parse = async (data) => {
    await stockParse({ ...data, topicMetadata: data.topicMetadata.map((own) => ({ ...own, partitionMetadata: [] })) })
    return data
  }
  return stockParse
}

/** Requests that wait for leaders still get the error of a missing leader. */
export function waitForLeaders({ prototype }: ReadingBrokerClass, stockParse: ParseMetadata): void {
  const { metadata: innerMetadata } = prototype
  prototype.metadata = async function metadata(topics) {
    const data = await innerMetadata.call(this, topics)
    return reads.getStore() === undefined ? stockParse(data as Metadata) : data
  }
}

/** Metadata with such a partition expire within a second, so that it continues when its leader is back. */
export function lookForLeaders({ prototype }: ReadingPoolClass): void {
  const { refreshMetadata: stockRefresh } = prototype
  prototype.refreshMetadata = async function refreshMetadata(this: BrokerPool, topics) {
    await reads.run(true, () => stockRefresh.call(this, topics))
    if (this.metadata?.topicMetadata.every(({ partitionMetadata }) => partitionMetadata.every(isLed))) return
    this.metadataExpireAt = Math.min(this.metadataExpireAt ?? Number.POSITIVE_INFINITY, Date.now() + lookAgainMs)
  }
}

/**
 * Offsets of partitions without a leader are −1 and not requested: kafkajs would look for broker −1 and fail for all
 * partitions. After any other failure, the next call refreshes the leaders.
 */
export function skipLeaderless({ prototype }: ReadingClusterClass): void {
  const { metadata: stockMetadata, fetchTopicsOffset: stockFetch } = prototype
  prototype.metadata = function metadata(this: Cluster, options) {
    return reads.run(true, () => stockMetadata.call(this, options))
  }

  prototype.fetchTopicsOffset = async function fetchTopicsOffset(this: Cluster, topics) {
    const leaderless = new Map(
      topics.map(({ topic }) => {
        const unled = this.findTopicPartitionMetadata(topic).filter((own) => !isLed(own))
        return [topic, new Set(unled.map(({ partitionId }) => partitionId))] as const
      }),
    )
    const isAway = (topic: string, partition: number) => leaderless.get(topic)?.has(partition) === true
    const asked = topics
      .map((own) => ({ ...own, partitions: own.partitions.filter(({ partition }) => !isAway(own.topic, partition)) }))
      .filter(({ partitions }) => partitions.length > 0)
    const found = await stockFetch.call(this, asked).catch((error: unknown) => {
      this.brokerPool.metadataExpireAt = null
      throw error
    })
    return topics.map(({ topic, partitions }) => ({
      topic,
      partitions: [
        ...(found.find((own) => own.topic === topic)?.partitions ?? []),
        ...partitions
          .filter(({ partition }) => isAway(topic, partition))
          .map(({ partition }) => ({ partition, offset: unknownOffset })),
      ],
    }))
  }
}

/** kafkajs would read a partition whose offset is not known from offset 0. */
export function forgetUnknownOffsets({ prototype }: OffsetManagerClass): void {
  const { resolveOffsets: stockResolve } = prototype
  prototype.resolveOffsets = async function resolveOffsets(this: OffsetManager) {
    await stockResolve.call(this)
    const committed = this.committedOffsets()
    for (const topic of this.topics) {
      const own = committed[topic] ?? {}
      for (const partition of Object.keys(own).map(Number)) {
        if (own[partition] === unknownOffset) delete own[partition]
      }
    }
  }
}
