import { ValenceError } from '@valence/schemas'
import { isOfEarlierTopic, type PartitionSession, type PartitionSessions } from '../kafka/partition-session.ts'
import { partitionName, type TopicPartition } from '../kafka/topic-partition.ts'

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

/**
 * Where a freshly fenced session continues: the committed offset, or the configured end of the log where there is none.
 * A partition that was added after the group's first commit is read from its first record, also under
 * VALENCE_KAFKA_START=latest. So is a topic that was created again, whatever offset was committed.
 * @throws VAL_KAFKA_OFFSET_GAP when the committed offset lies outside the log: jumping would lose records silently
 */
export async function startingPosition(
  partition: TopicPartition,
  session: PartitionSession,
  sessions: PartitionSessions,
  start: 'earliest' | 'latest',
): Promise<StartingPosition> {
  const found = await session.locate()
  const { offset: position, topicId } = found
  // After the id was read: if the topic is replaced in between, its batches carry another id.
  const range = await sessions.range(partition)
  const fresh = { committed: false, topicId, recreated: false, lost: false }
  if (position === undefined) {
    const offset = range[found.isYounger ? 'earliest' : start]
    return { ...fresh, offset, lost: found.hadPredecessor === true }
  }
  if (isOfEarlierTopic(found)) return { ...fresh, offset: range.earliest, recreated: true }
  if (position < range.earliest || position > range.latest) {
    const log = `the log holds ${range.earliest} to ${range.latest}`
    throw new ValenceError('VAL_KAFKA_OFFSET_GAP', `${partitionName(partition)}: committed ${position}, ${log}`)
  }
  return { offset: position, committed: true, topicId, recreated: false, lost: false }
}
