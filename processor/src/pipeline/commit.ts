import type { PartitionSession } from '../kafka/partition-session.ts'
import type { OutgoingRecord } from '../kafka/record.ts'
import type { TopicPartition } from '../kafka/topic-partition.ts'
import type { RecordSlice } from './partition-queue.ts'
import type { RecordResult } from './score-batch.ts'

/** A slice that went through decode, score and encode, ready to be published in one transaction. */
export interface Publication {
  readonly from: TopicPartition
  readonly slice: RecordSlice
  readonly outcomes: readonly RecordResult[]
  readonly outgoing: readonly OutgoingRecord[]
}

/** Publishes results, dead letters and the input offset in one transaction. */
export type CommitStep = (session: PartitionSession, publication: Publication) => Promise<void>

export function createCommitStep(): CommitStep {
  return (session, { outgoing, slice }) => session.publish(outgoing, slice.nextOffset)
}
