import type { PartitionSession } from '../kafka/partition-session.ts'
import type { OutgoingRecord, TopicPartition } from '../kafka/record.ts'
import type { Metrics } from '../runtime/metrics.ts'
import type { RecordSlice } from './partition-queue.ts'
import type { Outcome } from './score-batch.ts'

/** A slice that went through decode, score and encode, ready to be published in one transaction. */
export interface Publication {
  readonly from: TopicPartition
  readonly slice: RecordSlice
  readonly outcomes: readonly Outcome[]
  readonly outgoing: readonly OutgoingRecord[]
}

/** Publishes results, dead letters and the input offset in one transaction, and counts what became visible by it. */
export type CommitStep = (session: PartitionSession, publication: Publication) => Promise<void>

export function createCommitStep(metrics: Metrics, now: () => number): CommitStep {
  return async (session, publication) => {
    const stopTimer = metrics.pipeline.commit.startTimer()
    await session.publish(publication.outgoing, publication.slice.nextOffset)
    stopTimer()
    metrics.kafka.transactions.inc({ outcome: 'committed' })
    metrics.pipeline.transactionRecords.observe(publication.slice.records.length)
    countOutcomes(metrics, publication, now())
  }
}

function countOutcomes(metrics: Metrics, { from, outcomes }: Publication, committedAt: number): void {
  const { topic } = from
  for (const outcome of outcomes) {
    metrics.pipeline.endToEnd.observe(Math.max(0, committedAt - outcome.record.timestamp) / 1_000)
    metrics.pipeline.records.inc({ topic, outcome: outcome.kind })
    if (outcome.kind === 'scored') metrics.model.labels.inc({ label: outcome.sentiment.label })
    if (outcome.kind === 'rejected') metrics.pipeline.deadLetters.inc({ code: outcome.error.code })
  }
}
