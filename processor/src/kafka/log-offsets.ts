import { setTimeout as delay } from 'node:timers/promises'
import {
  type Admin,
  type CommittedOffset,
  fetchGroupOffsets,
  fetchStableOffsets,
  fetchTopic,
  isOverlayInstalled,
  kafkaErrors,
} from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'
import { retryWhileRetryable } from '../platform/retry.ts'
import { fetchLogRanges, noLeader } from './log-ranges.ts'
import { partitionName, type TopicPartition } from './topic-partition.ts'

/** Reads one group's committed offsets and the ends of the logs. */
export interface LogOffsets {
  /** The group's committed offset; undefined where there is none. */
  committed(partition: TopicPartition): Promise<CommittedOffset | undefined>
  /** What the group committed for a topic, by partition, as far as it is decided. */
  group(topic: string): Promise<ReadonlyMap<number, CommittedOffset>>
  /** The topic as it is now; its id is undefined where brokers or client do not tell. */
  topic(topic: string): Promise<{ readonly id: string | undefined; readonly partitions: number }>
  /** Ids of topics are those of one cluster; a mirror copies positions to another. */
  clusterId(): Promise<string>
  /** First offset of the log, and the one after its last. @throws VAL_KAFKA_PARTITION_LEADERLESS */
  range(partition: TopicPartition): Promise<{ earliest: bigint; latest: bigint }>
}

const settleMs = 25
const maxReads = 20
/** A coordinator that moves or loads is unavailable for moments; kafkajs's admin client does not retry then. */
const movingRetries = 19
const movingRetryMs = 100

const movingTypes: ReadonlySet<string> = new Set([
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
])

function isMoving(error: ValenceError): boolean {
  const { type } = kafkaErrors.classify(error)
  return type !== undefined && movingTypes.has(type)
}

/** Retries while a coordinator or a leader moves, 1.9 s at most. @throws VAL_KAFKA_* */
async function readWhileMoving<T>(read: () => Promise<T>): Promise<T> {
  async function readOnce(): Promise<T> {
    try {
      return await read()
    } catch (error) {
      throw kafkaErrors.toValenceError(error, 'VAL_KAFKA_UNREACHABLE')
    }
  }
  return retryWhileRetryable(readOnce, {
    initialDelayMs: movingRetryMs,
    maxDelayMs: movingRetryMs,
    maxRetries: movingRetries,
    onlyRetry: isMoving,
  })
}

/**
 * Reads offsets through an admin client. Committed offsets are stable ones: with the overlay the broker is asked for
 * these only; stock kafkajs cannot ask, and a broker up to 3.9 applies a transaction's offsets shortly after its
 * marker, so there an offset counts once two reads in a row agree.
 */
export function createLogOffsets(admin: Admin, groupId: string): LogOffsets {
  let clusterId: string | undefined

  async function readStable({ topic, partition }: TopicPartition): Promise<CommittedOffset | undefined> {
    const offsets = await readWhileMoving(() => fetchStableOffsets(admin, { groupId, topic, partitions: [partition] }))
    return known(offsets.get(partition))
  }

  async function readTwice(partition: TopicPartition): Promise<CommittedOffset | undefined> {
    let last = await readStable(partition)
    for (let read = 1; read < maxReads; read += 1) {
      await delay(settleMs)
      const next = await readStable(partition)
      if (next?.offset === last?.offset) return next
      last = next
    }
    throw new ValenceError('VAL_KAFKA_TRANSACTION_FAILED', 'the committed offset keeps changing after the fence')
  }

  return {
    committed: (partition) => (isOverlayInstalled() ? readStable(partition) : readTwice(partition)),

    group: (topic) => readWhileMoving(() => fetchGroupOffsets(admin, { groupId, topic })),

    topic: (topic) => readWhileMoving(() => fetchTopic(admin, topic)),

    async clusterId() {
      clusterId ??= (await readWhileMoving(() => admin.describeCluster())).clusterId
      return clusterId
    },

    async range({ topic, partition }) {
      const { known, leaderless } = await readWhileMoving(() => fetchLogRanges(admin, topic))
      if (leaderless.includes(partition)) throw noLeader(topic, [partition])
      const found = known.find((entry) => entry.partition === partition)
      if (found === undefined) throw new ValenceError('VAL_KAFKA_TOPIC_MISSING', partitionName({ topic, partition }))
      return { earliest: found.low, latest: found.high }
    },
  }
}

function known(committed: CommittedOffset | undefined): CommittedOffset | undefined {
  return committed === undefined || committed.offset < 0n ? undefined : committed
}
