import type { Admin } from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'
import { nameMissingTopic } from './name-missing-topic.ts'
import { partitionName } from './topic-partition.ts'

/** From the first offset of a log to the one after its last. */
export interface LogRange {
  readonly partition: number
  readonly low: bigint
  readonly high: bigint
}

export interface LogRanges {
  readonly known: readonly LogRange[]
  /** Partitions that nobody leads, so that nobody can tell. */
  readonly leaderless: readonly number[]
}

type OffsetAdmin = Pick<Admin, 'fetchTopicOffsets'>

export function noLeader(topic: string, partitions: readonly number[]): ValenceError {
  const names = partitions.map((partition) => partitionName({ topic, partition })).join(', ')
  return new ValenceError('VAL_KAFKA_PARTITION_LEADERLESS', names)
}

/** What can be told of a topic's logs; throws what the admin client throws. */
export async function fetchLogRanges(admin: OffsetAdmin, topic: string): Promise<LogRanges> {
  const offsets = await admin.fetchTopicOffsets(topic).catch(nameMissingTopic(topic))
  const ranges = offsets
    .map(({ partition, low, high }): LogRange => ({ partition, low: BigInt(low), high: BigInt(high) }))
    .sort((a, b) => a.partition - b.partition)
  const isKnown = ({ low, high }: LogRange) => low >= 0n && high >= 0n
  return {
    known: ranges.filter(isKnown),
    leaderless: ranges.filter((own) => !isKnown(own)).map(({ partition }) => partition),
  }
}

/** For what has to be whole. @throws VAL_KAFKA_PARTITION_LEADERLESS */
export async function fetchWholeLogs(admin: OffsetAdmin, topic: string): Promise<readonly LogRange[]> {
  const { known, leaderless } = await fetchLogRanges(admin, topic)
  if (leaderless.length > 0) throw noLeader(topic, leaderless)
  return known
}

/** By partition, the offset of the first record of that time or later. @throws VAL_KAFKA_PARTITION_LEADERLESS */
export async function fetchOffsetsAt(
  admin: Pick<Admin, 'fetchTopicOffsetsByTimestamp'>,
  topic: string,
  epochMs: number,
): Promise<ReadonlyMap<number, bigint>> {
  const found = await admin.fetchTopicOffsetsByTimestamp(topic, epochMs).catch(nameMissingTopic(topic))
  const offsets = new Map(found.map(({ partition, offset }) => [partition, BigInt(offset)]))
  const leaderless = [...offsets].filter(([, offset]) => offset < 0n).map(([partition]) => partition)
  if (leaderless.length > 0) throw noLeader(topic, leaderless)
  return offsets
}
