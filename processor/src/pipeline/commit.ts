import type { TextEvent } from '@valence/schemas'
import type { PartitionSession } from '../kafka/partition-session.ts'
import type { KafkaRecord, OutgoingRecord } from '../kafka/record.ts'
import type { TopicPartition } from '../kafka/topic-partition.ts'
import { BoundedLabel } from '../observability/bounded-label.ts'
import { type Logger, silentLogger } from '../observability/logger.ts'
import { type Metrics, observeTraced } from '../observability/metrics.ts'
import type { TraceContext } from '../observability/trace-context.ts'
import { countBy } from '../platform/count-by.ts'
import type { RecordSlice } from './partition-queue.ts'
import type { RecordResult } from './score-batch.ts'

/** A slice that went through decode, score and encode, ready to be published in one transaction. */
export interface Publication {
  readonly from: TopicPartition
  readonly slice: RecordSlice
  readonly outcomes: readonly RecordResult[]
  readonly outgoing: readonly OutgoingRecord[]
}

/** Publishes results, dead letters and the input offset in one transaction, and counts what became visible by it. */
export type CommitStep = (session: PartitionSession, publication: Publication) => Promise<void>

/** A clock that is ahead by no more than this makes an age of 0; anything later is no age. */
const clockSkewMs = 60_000

/** Undefined where the time lies ahead, as a producer is free to say. */
function ageSeconds(since: number, now: number): number | undefined {
  return since - now > clockSkewMs ? undefined : Math.max(0, now - since) / 1_000
}

/** Sources that are told apart in metrics. */
const maxSources = 50

export interface CommitOptions {
  /** The traceContext of a record that is traced. */
  readonly traceContextOf?: ((record: KafkaRecord) => TraceContext | undefined) | undefined
  /** Told of dead letters. */
  readonly logger?: Logger
}

export function createCommitStep(
  metrics: Metrics,
  now: () => number,
  { traceContextOf, logger = silentLogger }: CommitOptions = {},
): CommitStep {
  const sources = new BoundedLabel(maxSources)

  function countScored(scored: readonly (RecordResult & { kind: 'scored' })[], committedAt: number): void {
    const bySource = Map.groupBy(scored, ({ event }) => sources.of(event.source))
    for (const [source, own] of bySource) {
      for (const [label, count] of countBy(own, ({ sentiment }) => sentiment.label)) {
        metrics.model.labels.inc({ source, label }, count)
      }
      const labels = { source }
      for (const { sentiment } of own) metrics.model.confidence.observe(labels, sentiment.scores[sentiment.label] ?? 0)
    }
    for (const { event } of scored) observeSinceOccurred(event, committedAt)
  }

  function observeSinceOccurred({ occurredAt }: TextEvent, committedAt: number): void {
    const seconds = occurredAt === null ? undefined : ageSeconds(occurredAt, committedAt)
    if (seconds !== undefined) metrics.pipeline.sinceOccurred.observe(seconds)
  }

  function noteRejected({ record, error }: RecordResult & { kind: 'rejected' }, from: TopicPartition): void {
    metrics.pipeline.deadLetters.inc({ code: error.code })
    const { traceId, spanId } = traceContextOf?.(record) ?? {}
    logger.warn(
      { ...from, offset: record.offset.toString(), code: error.code, traceId, spanId },
      'record dead-lettered',
    )
  }

  function countOutcomes({ from, outcomes }: Publication, committedAt: number): void {
    for (const [outcome, count] of countBy(outcomes, ({ kind }) => kind)) {
      metrics.pipeline.records.inc({ topic: from.topic, outcome }, count)
    }
    for (const { record } of outcomes) {
      // Below zero Kafka has records without a timestamp.
      const seconds = record.timestamp < 0n ? undefined : ageSeconds(Number(record.timestamp), committedAt)
      if (seconds !== undefined)
        observeTraced(metrics.pipeline.endToEnd, {}, seconds, traceContextOf?.(record)?.traceId)
    }
    countScored(
      outcomes.filter((outcome) => outcome.kind === 'scored'),
      committedAt,
    )
    for (const outcome of outcomes) if (outcome.kind === 'rejected') noteRejected(outcome, from)
  }

  return async (session, publication) => {
    const stopTimer = metrics.pipeline.commit.startTimer()
    await session.publish(publication.outgoing, publication.slice.nextOffset)
    stopTimer()
    metrics.kafka.transactions.inc({ outcome: 'committed' })
    metrics.pipeline.transactionRecords.observe(publication.slice.records.length)
    countOutcomes(publication, now())
  }
}
