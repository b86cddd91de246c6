import { ValenceError } from '@valence/schemas'
import type { PartitionSession, PartitionSessions } from '../kafka/partition-session.ts'
import { partitionName, type TopicPartition } from '../kafka/record.ts'

/**
 * Where a freshly fenced session continues: the committed offset, or the configured end of the log where there is none.
 * @throws VAL_KAFKA_OFFSET_GAP when the committed offset lies outside the log: jumping would lose records silently
 */
export async function startingPosition(
  partition: TopicPartition,
  session: PartitionSession,
  sessions: PartitionSessions,
  start: 'earliest' | 'latest',
): Promise<{ offset: bigint; committed: boolean }> {
  const [position, range] = await Promise.all([session.position(), sessions.range(partition)])
  if (position === undefined) return { offset: range[start], committed: false }
  if (position < range.earliest || position > range.latest) {
    const log = `the log holds ${range.earliest} to ${range.latest}`
    throw new ValenceError('VAL_KAFKA_OFFSET_GAP', `${partitionName(partition)}: committed ${position}, ${log}`)
  }
  return { offset: position, committed: true }
}
