import {
  beginTransaction,
  type Kafka,
  kafkaErrors,
  messageHeaders,
  type Producer,
  type Transaction,
} from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'
import { partitionTransactionalId } from './group-names.ts'
import type { LineProgress } from './line-progress.ts'
import type { LogOffsets } from './log-offsets.ts'
import { isOfEarlierTopic, type PartitionSession, type Position } from './partition-session.ts'
import { type PositionNote, partitionsFound, readNote, writeNote } from './position-note.ts'
import { bytesOf, type OutgoingRecord } from './record.ts'
import { partitionName, type TopicPartition } from './topic-partition.ts'

export interface KafkaPartitionSessionOptions {
  readonly kafka: Kafka
  readonly groupId: string
  readonly transactionTimeoutMs: number
  readonly compression: number
  readonly offsets: LogOffsets
  /** One request for all partitions: safe only where lost and doubled sends are fixed (overlay hunks A to C). */
  readonly batchAcrossPartitions: boolean
}

/** kafkajs copies its accumulator for each message of a call; above this a call costs more than two. */
const maxRecordsPerSend = 1_000
/** Records of a call become one batch for each partition; a topic accepts 1 MiB (max.message.bytes) by default. */
const maxBytesPerSend = 512 * 1024
/** kafkajs wraps sequence numbers wrongly at 2^31, so a producer is retired long before. */
const maxRecordsPerProducer = 1_000_000_000
/** The markers of a transaction take milliseconds. The overlay waits for them by itself, and longer than this. */
const concurrentTransactionMs = 5_000

/**
 * One transactional producer for one input partition, its id fixed by group, topic and partition.
 * The id is what fences: kafkajs sends no generation with offsets, so an id per process would let a zombie commit.
 */
class KafkaPartitionSession implements PartitionSession {
  readonly #options: KafkaPartitionSessionOptions
  readonly #partition: TopicPartition
  readonly #producer: Producer
  /** An open transaction without records; kafkajs fences when the first one begins. */
  #transaction: Transaction | undefined
  #note: PositionNote = { topicId: undefined, found: undefined }
  #clusterId = ''
  #hadPredecessor: boolean | undefined
  #published = 0
  #spent = false

  constructor(options: KafkaPartitionSessionOptions, partition: TopicPartition) {
    this.#options = options
    this.#partition = partition
    this.#producer = options.kafka.producer({
      transactionalId: partitionTransactionalId(options.groupId, partition),
      transactionTimeout: options.transactionTimeoutMs,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: { retries: 5, initialRetryTime: 20, maxRetryTime: 1_000 },
    })
  }

  async fence(): Promise<void> {
    try {
      await this.#producer.connect()
      const { transaction, hadPredecessor } = await beginTransaction(this.#producer)
      this.#transaction = transaction
      this.#hadPredecessor = hadPredecessor
    } catch (error) {
      await this.close()
      throw kafkaErrors.toValenceError(error, 'VAL_KAFKA_TRANSACTION_FAILED')
    }
  }

  async locate(): Promise<Position> {
    const { offsets } = this.#options
    const { topic: name, partition } = this.#partition
    const [committed, topic, clusterId] = await Promise.all([
      offsets.committed(this.#partition),
      offsets.topic(name),
      offsets.clusterId(),
    ])
    const { topicId: committedTopicId, found: ownFound, lineProgress } = readNote(committed?.metadata, clusterId)
    const isRecreated = isOfEarlierTopic({ topicId: topic.id, committedTopicId })
    // The partition's own committed offset is enough; the topic's others are read only without one.
    const found = isRecreated ? 0 : (ownFound ?? partitionsFound(await offsets.group(name), topic, clusterId))
    this.#note = { topicId: topic.id, found }
    this.#clusterId = clusterId
    return {
      offset: committed?.offset,
      topicId: topic.id,
      committedTopicId,
      isYounger: partition >= found,
      hadPredecessor: this.#hadPredecessor,
      lineProgress,
    }
  }

  async position(): Promise<bigint | undefined> {
    const found = await this.locate()
    return isOfEarlierTopic(found) ? undefined : found.offset
  }

  async publish(records: readonly OutgoingRecord[], nextOffset: bigint, lineProgress?: LineProgress): Promise<void> {
    if (this.#spent) throw new ValenceError('VAL_KAFKA_TRANSACTION_FAILED', 'the session is spent')
    try {
      await this.#retireAfterManyRecords(records.length)
      const transaction = this.#transaction ?? (await this.#producer.transaction())
      this.#transaction = undefined
      // Offsets first: the cheapest way to learn that the markers of the last transaction are still being written.
      await this.#sendOffsets(transaction, nextOffset, lineProgress)
      for (const group of this.#groups(records)) await this.#send(transaction, group)
      await transaction.commit()
    } catch (error) {
      // After any failure the epoch is not used again: no transaction may follow one of unknown outcome.
      this.#spent = true
      throw kafkaErrors.toValenceError(error, 'VAL_KAFKA_TRANSACTION_FAILED')
    }
  }

  async close(): Promise<void> {
    this.#spent = true
    await this.#producer.disconnect().catch(() => undefined)
  }

  async #retireAfterManyRecords(count: number): Promise<void> {
    this.#published += count
    if (this.#published > maxRecordsPerProducer) {
      throw new ValenceError('VAL_KAFKA_TRANSACTION_FAILED', 'the producer is retired before its sequence wraps')
    }
  }

  async #sendOffsets(
    transaction: Transaction,
    nextOffset: bigint,
    lineProgress: LineProgress | undefined,
  ): Promise<void> {
    const { topic, partition } = this.#partition
    const metadata = writeNote({ ...this.#note, lineProgress }, this.#clusterId)
    const request = {
      consumerGroupId: this.#options.groupId,
      topics: [
        {
          topic,
          partitions: [{ partition, offset: nextOffset.toString(), metadata }],
        },
      ],
    }
    const deadline = performance.now() + concurrentTransactionMs
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await transaction.sendOffsets(request)
      } catch (error) {
        const { type } = kafkaErrors.classify(error)
        if (type !== 'CONCURRENT_TRANSACTIONS' || performance.now() > deadline) throw error
        await new Promise((resolve) => setTimeout(resolve, Math.min(5 + attempt, 20)))
      }
    }
  }

  #groups(records: readonly OutgoingRecord[]): OutgoingRecord[][] {
    const groups = this.#options.batchAcrossPartitions
      ? [[...records]]
      : [...Map.groupBy(records, (record) => partitionName(record)).values()]
    return groups.flatMap(chunksOf)
  }

  async #send(transaction: Transaction, records: readonly OutgoingRecord[]): Promise<void> {
    const topicMessages = [...Map.groupBy(records, ({ topic }) => topic)].map(([topic, group]) => ({
      topic,
      messages: group.map((record) => ({
        key: record.key,
        value: record.value,
        partition: record.partition,
        headers: messageHeaders(record.headers),
        ...(record.timestamp === undefined ? {} : { timestamp: String(record.timestamp) }),
      })),
    }))
    const { compression } = this.#options
    const acknowledged = await transaction.sendBatch({ topicMessages, acks: -1, compression }).catch((error) => {
      throw kafkaErrors.toProduceError(error, 'VAL_KAFKA_TRANSACTION_FAILED', records)
    })
    const found = new Set(acknowledged.map((ack) => partitionName({ topic: ack.topicName, partition: ack.partition })))
    const missing = [...new Set(records.map(partitionName))].filter((name) => !found.has(name))
    if (missing.length > 0) throw new ValenceError('VAL_KAFKA_ACK_MISMATCH', missing.join(', '))
  }
}

/** Opens the session of a partition; when it resolves, every earlier session of that partition is fenced. */
export async function openKafkaPartitionSession(
  options: KafkaPartitionSessionOptions,
  partition: TopicPartition,
): Promise<PartitionSession> {
  const session = new KafkaPartitionSession(options, partition)
  await session.fence()
  return session
}

/** Splits records into calls, in order, each within the limit of a batch; a larger record is sent alone. */
function chunksOf(records: readonly OutgoingRecord[]): OutgoingRecord[][] {
  const chunks: OutgoingRecord[][] = []
  let current: OutgoingRecord[] = []
  let bytes = 0
  for (const record of records) {
    const size = bytesOf(record)
    const isFull = current.length === maxRecordsPerSend || bytes + size > maxBytesPerSend
    if (isFull && current.length > 0) {
      chunks.push(current)
      current = []
      bytes = 0
    }
    current.push(record)
    bytes += size
  }
  return current.length > 0 ? [...chunks, current] : chunks
}
