import { type Admin, compressionTypes, isOverlayInstalled } from '@valence/producer-sdk/kafka'
import type { Config } from '../config/config.ts'
import { createKafkaClient } from '../kafka/kafka-client.ts'
import { openKafkaPartitionSession } from '../kafka/kafka-partition-session.ts'
import { createLogOffsets } from '../kafka/log-offsets.ts'
import type { PartitionSession } from '../kafka/partition-session.ts'
import type { TopicPartition } from '../kafka/topic-partition.ts'
import type { PartitionRange } from '../kafka/topic-reader.ts'
import { silentLogger } from '../observability/logger.ts'
import { retryForCommand } from '../platform/retry-for-command.ts'

/** Opens sessions of the group that stores the offsets of a command. A session fences other runs of the same group. */
export function sessionOpener(
  config: Config,
  admin: Admin,
  groupId: string,
): (partition: TopicPartition) => Promise<PartitionSession> {
  const options = {
    kafka: createKafkaClient(config, 'cli-sessions', silentLogger),
    groupId,
    transactionTimeoutMs: config.kafkaTransactionTimeoutMs,
    compression: compressionTypes[config.kafkaCompression],
    offsets: createLogOffsets(admin, groupId),
    batchAcrossPartitions: isOverlayInstalled(),
  }
  return (partition) => retryForCommand(() => openKafkaPartitionSession(options, partition))
}

/** One session per partition with unsettled records. */
export class TopicSessions implements AsyncDisposable {
  readonly #topic: string
  readonly #openSession: (partition: TopicPartition) => Promise<PartitionSession>
  readonly #byPartition = new Map<number, PartitionSession>()

  constructor(topic: string, openSession: (partition: TopicPartition) => Promise<PartitionSession>) {
    this.#topic = topic
    this.#openSession = openSession
  }

  /** Opens a session per non-empty range. Returns the ranges without the part that the group has settled. */
  async open(ranges: readonly PartitionRange[]): Promise<PartitionRange[]> {
    const open: PartitionRange[] = []
    for (const range of ranges.filter(({ from, to }) => from < to)) {
      const session = await this.#openSession({ topic: this.#topic, partition: range.partition })
      this.#byPartition.set(range.partition, session)
      const position = (await session.position()) ?? range.from
      const isAhead = position > range.from
      if (position < range.to) open.push(isAhead ? { ...range, from: position } : range)
    }
    return open
  }

  of(partition: number): PartitionSession {
    const session = this.#byPartition.get(partition)
    if (!session) throw new Error(`partition ${partition} was not opened; this is a bug`)
    return session
  }

  /** Replaces a session, which is unusable after an error. */
  async reopen(partition: number): Promise<PartitionSession> {
    await this.of(partition).close()
    const session = await this.#openSession({ topic: this.#topic, partition })
    this.#byPartition.set(partition, session)
    // Reads the current topic id: later commits are made for it.
    await session.locate()
    return session
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#byPartition.values()].map((session) => session.close()))
  }
}
