import type { TextEvent, TextFields } from '@valence/schemas'
import type { KafkaRecord } from '../kafka/record.ts'
import type { TopicPartition } from '../kafka/topic-partition.ts'
import { BoundedLabel } from '../observability/bounded-label.ts'
import { type Logger, silentLogger } from '../observability/logger.ts'
import { type Metrics, observeTraced } from '../observability/metrics.ts'
import type { TraceContext } from '../observability/trace-context.ts'
import { countBy } from '../platform/count-by.ts'
import type { CommitStep, Publication } from './commit.ts'
import { MissingTextWatch } from './missing-text-watch.ts'
import type { PrepareSteps } from './prepare.ts'
import type { RecordResult } from './score-batch.ts'

/** Clock skew up to this counts as age 0; a timestamp further ahead gives no age. */
const clockSkewMs = 60_000

/** Undefined for a time in the future: producers set timestamps freely. */
function ageSeconds(since: number, now: number): number | undefined {
  return since - now > clockSkewMs ? undefined : Math.max(0, now - since) / 1_000
}

/** Maximum number of `source` label values. */
const maxSources = 50

export interface StepMetricsOptions {
  readonly metrics: Metrics
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Of a record that is traced. */
  readonly traceContextOf?: ((record: KafkaRecord) => TraceContext | undefined) | undefined
  /** Told of dead letters. */
  readonly logger?: Logger
  /** Where records of any shape have their texts; undefined where they are TextEvents. */
  readonly fields?: TextFields | undefined
}

/** Times decode, score and encode, a slice at a time. */
export function measurePreparing({ decode, score, encode }: PrepareSteps, { pipeline }: Metrics): PrepareSteps {
  return {
    async decode(records) {
      const stopTimer = pipeline.decode.startTimer()
      const decoded = await decode(records)
      stopTimer()
      return decoded
    },
    async score(decoded, signal) {
      const stopTimer = pipeline.score.startTimer()
      const outcomes = await score(decoded, signal)
      stopTimer()
      return outcomes
    },
    encode(outcomes, from) {
      const stopTimer = pipeline.encode.startTimer()
      const outgoing = encode(outcomes, from)
      stopTimer()
      return outgoing
    },
  }
}

/** Times the commit, and counts what became visible by it. */
export function measureCommit(commit: CommitStep, options: StepMetricsOptions): CommitStep {
  const { metrics, now, traceContextOf, logger = silentLogger } = options
  const sources = new BoundedLabel(maxSources)
  const missing = options.fields && new MissingTextWatch({ fields: options.fields, logger, now })

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
    await commit(session, publication)
    stopTimer()
    metrics.kafka.transactions.inc({ outcome: 'committed' })
    metrics.pipeline.transactionRecords.observe(publication.slice.records.length)
    countOutcomes(publication, now())
    missing?.note(publication.outcomes)
  }
}
