import type { Admin } from '@valence/producer-sdk/kafka'
import { type SchemaRegistry, valueSubject } from '@valence/schemas'
import type { Config } from '../../config/config.ts'
import { textFieldsOf } from '../../config/text-fields.ts'
import { openEnrichRecord } from '../../enrich/open-enrich-record.ts'
import { createOutputPartitions } from '../../kafka/output-partitions.ts'
import type { KafkaRecord, RecordBatch } from '../../kafka/record.ts'
import type { TopicPartition } from '../../kafka/topic-partition.ts'
import { createDecodeStep } from '../../pipeline/decode.ts'
import { createEncodeStep } from '../../pipeline/encode.ts'
import { createScoreStep } from '../../pipeline/score-batch.ts'
import { retryWhileRetryable } from '../../platform/retry.ts'
import { openRegistry } from '../../registry/open-registry.ts'
import { openCliScorer } from '../../scoring/in-process-scorer.ts'
import type { SettledRecord } from '../settling-session.ts'

export interface ReplayedSlice {
  readonly outgoing: readonly SettledRecord[]
  readonly scored: number
  /** Rejected texts. A replay writes no dead letters: the first processing did. */
  readonly rejected: number
}

export interface ReplayScorer extends AsyncDisposable {
  score(
    batch: Pick<RecordBatch, 'topic' | 'partition' | 'records'>,
    records: readonly KafkaRecord[],
    signal: AbortSignal,
  ): Promise<ReplayedSlice>
}

/** The pipeline steps from decode to encode, for another output topic. @throws VAL_MODEL_*, VAL_REGISTRY_UNAVAILABLE */
export async function openReplayScorer(config: Config, admin: Admin, outputTopic: string): Promise<ReplayScorer> {
  const registry = openRegistry(config)
  const partitions = createOutputPartitions(admin, [outputTopic])
  await partitions.refresh()
  const engine = await openCliScorer(config, 'many')
  const { inputFormat: format, missingText } = config
  const enrich = openEnrichRecord(config, registry, outputTopic)
  const decode = createDecodeStep({ registry, format, fields: textFieldsOf(config), missingText, enrich })
  const score = createScoreStep(engine.scorer)
  const encode = createEncodeStep({
    outputTopic,
    deadLetterTopic: config.deadLetterTopic,
    mode: config.outputMode,
    scoredEventSchemaId: await schemaIdFor(config, registry, outputTopic),
    outputPartition: (topic, key, inputPartition) => partitions.of(topic, key, inputPartition),
    now: Date.now,
  })
  return {
    async score(batch, records, signal) {
      const from: TopicPartition = { topic: batch.topic, partition: batch.partition }
      const outcomes = await retryWhileRetryable(async () => score(await decode(records), signal), {
        initialDelayMs: 100,
        maxDelayMs: 5_000,
        signal,
      })
      const kept = outcomes.filter(({ kind }) => kind !== 'rejected')
      return {
        outgoing: kept.flatMap((outcome) => {
          const record = encode(outcome, from)
          return record === undefined ? [] : { record, nextOffset: outcome.record.offset + 1n }
        }),
        scored: kept.filter(({ kind }) => kind === 'scored').length,
        rejected: outcomes.length - kept.length,
      }
    },
    [Symbol.asyncDispose]: () => engine.close(),
  }
}

async function schemaIdFor(
  config: Config,
  registry: SchemaRegistry | undefined,
  topic: string,
): Promise<number | undefined> {
  if (registry === undefined || config.outputFormat === 'json' || config.outputMode === 'enrich') return undefined
  return registry.registerFor(valueSubject(topic), 'scored-event')
}
