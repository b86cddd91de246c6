import { ValenceError } from '@valence/schemas'
import { isOfEarlierTopic, type PartitionSession, type PartitionSessions } from '../kafka/partition-session.ts'
import { partitionName, type TopicPartition } from '../kafka/topic-partition.ts'
import type { Logger } from '../observability/logger.ts'

export interface StartingPosition {
  readonly offset: bigint
  /** True where the group committed the offset; otherwise it has to be committed first. */
  readonly committed: boolean
  readonly topicId: string | undefined
  /** The committed offset belongs to an earlier topic of the same name. */
  readonly recreated: boolean
  /** The group has no offset where it had one: it was deleted, or it expired while no member was there. */
  readonly lost: boolean
}

/** What the owner of a partition knows from taking it before, or from its commits since. */
export interface KnownPosition {
  readonly offset: bigint
  readonly topicId: string | undefined
}

/**
 * Where a freshly fenced session continues: the committed offset, or the configured end of the log where there is none.
 * A partition that was added after the group's first commit is read from its first record, also under
 * VALENCE_KAFKA_START=latest. So is a topic that was created again, whatever offset was committed. An owner that takes the
 * partition again and finds its offset deleted goes on from the position it knows.
 * @throws VAL_KAFKA_OFFSET_GAP when the committed offset lies outside the log: jumping would lose records silently
 */
export async function startingPosition(
  partition: TopicPartition,
  session: PartitionSession,
  sessions: PartitionSessions,
  start: 'earliest' | 'latest',
  known?: KnownPosition,
): Promise<StartingPosition> {
  const found = await session.locate()
  const { offset: position, topicId } = found
  // After the id was read: if the topic is replaced in between, its batches carry another id.
  const range = await sessions.range(partition)
  const fresh = { committed: false, topicId, recreated: false, lost: false }
  if (position === undefined && known !== undefined) {
    if (isOfEarlierTopic({ topicId, committedTopicId: known.topicId }))
      return { ...fresh, offset: range.earliest, recreated: true }
    return { ...fresh, offset: expectInLog(range, known.offset, partition), lost: true }
  }
  if (position === undefined) {
    const offset = range[found.isYounger ? 'earliest' : start]
    return { ...fresh, offset, lost: found.hadPredecessor === true }
  }
  if (isOfEarlierTopic(found)) return { ...fresh, offset: range.earliest, recreated: true }
  return { offset: expectInLog(range, position, partition), committed: true, topicId, recreated: false, lost: false }
}

function expectInLog(log: { earliest: bigint; latest: bigint }, offset: bigint, partition: TopicPartition): bigint {
  if (offset >= log.earliest && offset <= log.latest) return offset
  const held = `the log holds ${log.earliest} to ${log.latest}`
  throw new ValenceError('VAL_KAFKA_OFFSET_GAP', `${partitionName(partition)}: committed ${offset}, ${held}`)
}

/** Logs where the position is not the one that the group committed for this topic, or not the last one known here. */
export function warnOfPosition(
  logger: Logger,
  partition: TopicPartition,
  { offset, committed, topicId, recreated, lost }: StartingPosition,
  known: KnownPosition | undefined,
): void {
  const fields = { ...partition, offset: offset.toString() }
  if (recreated) {
    const code = 'VAL_KAFKA_TOPIC_RECREATED'
    logger.warn({ ...fields, code }, 'the topic was created again and is read from its start')
  }
  if (lost) {
    const goesOn = known === undefined ? 'begins anew' : 'goes on from the last one known here'
    logger.warn({ ...fields, code: 'VAL_KAFKA_POSITION_LOST' }, `the group has lost its position and ${goesOn}`)
  }
  // No owner commits backwards: a tool did, or the brokers lost what they had acknowledged.
  if (committed && known !== undefined && known.topicId === topicId && offset < known.offset) {
    const last = known.offset.toString()
    logger.warn({ ...fields, last }, 'the position was set back, the records from there are scored again')
  }
}
