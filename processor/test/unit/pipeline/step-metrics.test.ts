import { ValenceError } from '@valence/schemas'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { describe, expect, it } from 'vitest'
import type { PartitionSession } from '../../../src/kafka/partition-session.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'
import type { TraceContext } from '../../../src/observability/trace-context.ts'
import { createCommitStep } from '../../../src/pipeline/commit.ts'
import type { RecordResult } from '../../../src/pipeline/score-batch.ts'
import { measureCommit, type StepMetricsOptions } from '../../../src/pipeline/step-metrics.ts'

const now = 1_700_000_010_000
const model = { name: 'tiny', version: '1', sha256: 'abcdef' }

function scored(offset: number, source: string | null, occurredAt: number | null = null): RecordResult {
  const scores = { negative: 0.1, neutral: 0.1, positive: 0.8 }
  const sentiment = { label: 'positive', scores, valence: 0.7, tokens: 3, truncated: false, model }
  const event = { id: null, text: 'x', occurredAt, source, lang: null, attributes: {} }
  const input = { format: 'json', schemaId: undefined, payloadOffset: 0 } as const
  return { kind: 'scored', record: kafkaRecord(offset), input, event, sentiment }
}

async function commit(
  outcomes: readonly RecordResult[],
  options: Partial<StepMetricsOptions> & { fails?: boolean } = {},
) {
  const metrics = createMetrics()
  const session = {
    publish: async () => {
      if (options.fails) throw new ValenceError('VAL_KAFKA_FENCED')
    },
  } as unknown as PartitionSession
  const step = measureCommit(createCommitStep(), { metrics, now: () => now, ...options })
  const slice = { records: outcomes.map(({ record }) => record), nextOffset: 9n }
  await step(session, { from: { topic: 't', partition: 0 }, slice, outcomes, outgoing: [] }).catch(() => undefined)
  return (await metrics.registry.metrics()).split('\n')
}

describe('a measured commit', () => {
  it('measures no age of a record without a timestamp, or of one from the future', async () => {
    const at = (timestamp: number, occurredAt: number | null = null): RecordResult => {
      const outcome = scored(1, null, occurredAt)
      return { ...outcome, record: { ...outcome.record, timestamp: BigInt(timestamp) } }
    }
    const lines = await commit([
      at(-1),
      at(now + 3_600_000, now + 3_600_000),
      at(now + 500, now + 500),
      at(now - 2_000),
    ])
    expect(lines).toEqual(
      expect.arrayContaining([
        'valence_pipeline_end_to_end_seconds_sum 2',
        'valence_pipeline_end_to_end_seconds_count 2',
        'valence_pipeline_since_occurred_seconds_count 1',
      ]),
    )
  })

  it('counts each record once by what became of it, and each label once', async () => {
    const rejected: RecordResult = {
      kind: 'rejected',
      record: kafkaRecord(3),
      error: new ValenceError('VAL_RECORD_NOT_UTF8'),
    }
    const lines = await commit([
      scored(1, 'app'),
      scored(2, null),
      rejected,
      { kind: 'tombstone', record: kafkaRecord(4) },
    ])
    expect(lines).toEqual(
      expect.arrayContaining([
        'valence_pipeline_records_total{topic="t",outcome="scored"} 2',
        'valence_pipeline_records_total{topic="t",outcome="rejected"} 1',
        'valence_pipeline_records_total{topic="t",outcome="tombstone"} 1',
        'valence_pipeline_dead_letters_total{code="VAL_RECORD_NOT_UTF8"} 1',
        'valence_model_labels_total{source="app",label="positive"} 1',
        'valence_model_labels_total{source="none",label="positive"} 1',
        'valence_model_confidence_ratio_sum{source="app"} 0.8',
        'valence_kafka_transactions_total{outcome="committed"} 1',
        'valence_pipeline_end_to_end_seconds_count 4',
      ]),
    )
  })

  it('measures from the event itself where it says when it happened', async () => {
    const lines = await commit([scored(1, null, now - 20_000), scored(2, null)])
    expect(lines).toContain('valence_pipeline_since_occurred_seconds_sum 20')
    expect(lines).toContain('valence_pipeline_since_occurred_seconds_count 1')
  })

  it('counts nothing that was not committed', async () => {
    const lines = await commit([scored(1, 'app')], { fails: true })
    expect(lines).toContain('valence_pipeline_end_to_end_seconds_count 0')
    expect(lines.filter((line) => line.startsWith('valence_model_labels_total{'))).toEqual([])
  })

  it('tells of each dead letter where it was, why, and in which trace, but not what it held', async () => {
    const lines: Record<string, unknown>[] = []
    const logger = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) })
    const error = new ValenceError('VAL_RECORD_NOT_UTF8', 'private words')
    const traceContext = { traceId: 'abc', spanId: 'def' } as TraceContext
    await commit([{ kind: 'rejected', record: kafkaRecord(3), error }], { logger, traceContextOf: () => traceContext })
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'warn',
        msg: 'record dead-lettered',
        topic: 't',
        partition: 0,
        offset: '3',
        code: 'VAL_RECORD_NOT_UTF8',
        traceId: 'abc',
        spanId: 'def',
      }),
    ])
    expect(JSON.stringify(lines)).not.toContain('private')
  })

  it('bears any number of sources', async () => {
    const lines = await commit(Array.from({ length: 500 }, (_, index) => scored(index, `source ${index}`)))
    const series = lines.filter((line) => line.startsWith('valence_model_labels_total{'))
    expect(series).toHaveLength(51)
    expect(series).toContain('valence_model_labels_total{source="other",label="positive"} 450')
  })
})
