import type { ValenceError } from '@valence/schemas'
import type { RecordBatch } from './record.ts'
import type { TopicPartition } from './topic-partition.ts'

/** What the group says after a join. */
export interface Assignment {
  /** All of this member's; those that are new start paused. */
  readonly partitions: readonly TopicPartition[]
  /** How long joining took. */
  readonly joinMs: number
  /**
   * The group had dropped this member, after a session without a heartbeat say: the partitions may have had other owners
   * since, and their offsets may have been set by hand.
   */
  readonly isNewMember: boolean
}

/** What a source tells its reader. The handlers are synchronous, return at once and never throw. */
export interface RecordSourceHandlers {
  onAssigned(assignment: Assignment): void
  onBatch(batch: RecordBatch): void
  /** Records of the partition were waiting already when the last batch came: the next one need not come at once. */
  isBehind?(partition: TopicPartition): boolean
  /** The next batch of the partition cannot be read; the partition is paused. */
  onUnreadable(partition: TopicPartition, error: ValenceError): void
  /** The source is dead: crash only. */
  onFatal(error: Error): void
}

/** A member of a consumer group that reads read-committed records and commits nothing itself. */
export interface RecordSource {
  /** Resolves once the member has joined the group. @throws VAL_KAFKA_* */
  start(handlers: RecordSourceHandlers): Promise<void>
  /** Continue at `offset` with the next fetch. */
  seek(partition: TopicPartition, offset: bigint): void
  pause(partition: TopicPartition): void
  resume(partition: TopicPartition): void
  /** Asks the group: true once a heartbeat or join confirms the partition is still ours, false if it is not. */
  confirmOwnership(partition: TopicPartition): Promise<boolean>
  /** A heartbeat or a join was answered within the session timeout. */
  isMember(): boolean
  /** Stops reading and leaves the group, or keeps the seat for a restart under the same instance id. */
  stop(options: { leaveGroup: boolean }): Promise<void>
}
