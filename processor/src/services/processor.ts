import { compressionTypes, heldRecordBytes, partitionShareBytes } from '@valence/producer-sdk/kafka'
import { type SchemaRegistry, valueSubject } from '@valence/schemas'
import { textFieldsOf } from '../config/text-fields.ts'
import { openEnrichRecord } from '../enrich/open-enrich-record.ts'
import { createKafkaClient } from '../kafka/kafka-client.ts'
import { createKafkaPartitionSessions } from '../kafka/kafka-partition-sessions.ts'
import { createKafkaRecordSource } from '../kafka/kafka-record-source.ts'
import { watchLogEnds } from '../kafka/log-end-watch.ts'
import type { PartitionSessions } from '../kafka/partition-session.ts'
import type { TopicPartition } from '../kafka/topic-partition.ts'
import { PartitionLagTracker } from '../monitoring/partition-lag-tracker.ts'
import { startAdminServer } from '../observability/admin-server.ts'
import { Health } from '../observability/health.ts'
import { meterLog } from '../observability/logger.ts'
import { createMetrics } from '../observability/metrics.ts'
import type { OpeningContext } from '../observability/service-context.ts'
import { createCommitStep } from '../pipeline/commit.ts'
import { createPipeline, type Pipeline } from '../pipeline/consume.ts'
import { createDecodeStep } from '../pipeline/decode.ts'
import { createEncodeStep } from '../pipeline/encode.ts'
import { observeSteps } from '../pipeline/observe-steps.ts'
import type { Standstill } from '../pipeline/partition-progress.ts'
import { RecordTraces } from '../pipeline/record-traces.ts'
import { createScoreStep } from '../pipeline/score-batch.ts'
import { retryWhileRetryable } from '../platform/retry.ts'
import { openRegistry } from '../registry/open-registry.ts'
import type { Scorer } from '../scoring/scorer.ts'
import { openEngine } from './engine.ts'
import { leaseInstanceId } from './instance-id-lease.ts'
import { openFacade } from './open-facade.ts'
import type { Service, ServiceOptions } from './service.ts'

/** Context shared by the parts of a processor. */
interface ProcessorContext extends OpeningContext {
  readonly signal: AbortSignal
}

/** Retries while the error is transient or an operator can fix it (a missing grant), and logs one line per attempt. */
function patiently<T>({ logger, signal }: ProcessorContext, message: string, action: () => Promise<T>): Promise<T> {
  return retryWhileRetryable(action, {
    initialDelayMs: 500,
    maxDelayMs: 10_000,
    signal,
    alsoRetry: ({ row }) => row.grantable === true,
    // Do not await the attempt on abort: a join can take a minute.
    abandonAttempt: true,
    onRetry: (error, delayMs) => {
      const fields = { code: error.code, detail: error.detail, help: error.help, delayMs: Math.round(delayMs) }
      if (error.row.grantable) logger.error(fields, 'Kafka refuses this processor')
      else logger.warn(fields, message)
    },
  })
}

async function outputSchemaId(
  base: ProcessorContext,
  registry: SchemaRegistry | undefined,
): Promise<number | undefined> {
  const { outputFormat, outputMode } = base.config
  if (registry === undefined || outputFormat === 'json' || outputMode === 'enrich') return undefined
  const subject = valueSubject(base.config.outputTopic)
  return patiently(base, 'the schema registry does not answer yet', () => registry.registerFor(subject, 'scored-event'))
}

/** Interval of the log end offset queries that lag and rates are computed from. */
const logEndMs = 5_000

async function openSessions(
  base: ProcessorContext,
  flows: PartitionLagTracker,
  onLed: (partition: TopicPartition, isLed: boolean) => void,
): Promise<PartitionSessions> {
  const { config, logger, closers } = base
  const admin = createKafkaClient(config, 'admin', logger).admin({ retry: { retries: 5 } })
  closers.defer(() => admin.disconnect())
  const stopWatching = watchLogEnds({
    admin,
    topics: () => flows.topics,
    onEnd(partition, end) {
      flows.logEnd(partition, end)
      onLed(partition, true)
    },
    onLeaderless: (partition) => onLed(partition, false),
    onRound: () => flows.tick(performance.now()),
    intervalMs: logEndMs,
    logger,
  })
  closers.defer(async () => stopWatching())
  return patiently(base, 'no Kafka broker answers yet', async () =>
    createKafkaPartitionSessions({
      producerKafka: createKafkaClient(config, 'producer', logger),
      admin,
      groupId: config.kafkaGroupId,
      outputTopics: [config.outputTopic, config.deadLetterTopic],
      transactionTimeoutMs: config.kafkaTransactionTimeoutMs,
      compression: compressionTypes[config.kafkaCompression],
    }),
  )
}

/** Static group membership id: a restarted processor gets its partitions back without a rebalance. */
async function instanceName({ config, closers }: ProcessorContext): Promise<string | undefined> {
  if (config.kafkaInstanceId !== undefined) return config.kafkaInstanceId
  const lease = await leaseInstanceId(config.kafkaGroupId)
  if (lease !== undefined) closers.defer(() => lease.close())
  return lease?.name
}

async function openPipeline(base: ProcessorContext, scorer: Scorer, onFatal: (error: Error) => void) {
  const { config, logger, metrics } = base
  const registry = openRegistry(config)
  const scoredEventSchemaId = await outputSchemaId(base, registry)
  const flows = new PartitionLagTracker(metrics, performance.now())
  let pipeline: Pipeline | undefined
  const sessions = await openSessions(base, flows, (partition, isLed) => pipeline?.led(partition, isLed))
  const { outputTopic, deadLetterTopic } = config
  const traces = base.tracing && new RecordTraces(base.tracing.tracer, config.kafkaGroupId)
  const fields = textFieldsOf(config)
  const { inputFormat: format, missingText, outputMode: mode } = config
  const enrich = openEnrichRecord(config, registry, outputTopic)
  const decode = createDecodeStep({ registry, format, fields, missingText, enrich })
  const score = createScoreStep(scorer, traces && ((record) => traces.of(record)))
  const encode = createEncodeStep({
    outputTopic,
    deadLetterTopic,
    mode,
    scoredEventSchemaId,
    outputPartition: sessions.outputPartition,
    now: Date.now,
  })
  const instanceId = await instanceName(base)
  const source = createKafkaRecordSource({
    kafka: createKafkaClient(config, 'consumer', logger, { groupInstanceId: instanceId, topicIds: true }),
    groupId: config.kafkaGroupId,
    topics: config.inputTopics,
    sessionTimeoutMs: config.kafkaSessionTimeoutMs,
    fromBeginning: config.kafkaStart === 'earliest',
    logger,
  })
  const { prepare, commit } = observeSteps({ decode, score, encode, commit: createCommitStep() }, traces, {
    metrics,
    now: Date.now,
    logger,
    fields,
  })
  pipeline = createPipeline({
    source,
    sessions,
    prepare,
    commit,
    flows,
    maxRecords: config.kafkaBatchMaxRecords,
    maxQueued: config.kafkaQueueMaxRecords,
    maxHeldBytes: partitionShareBytes,
    heldBytes: heldRecordBytes,
    start: config.kafkaStart,
    logger,
    metrics,
    onFatal,
  })
  return pipeline
}

/** Blocking records make the processor degraded, every other failure makes it unready; decision 13 has the reasons. */
function watchPipeline(health: Health, pipeline: Pipeline): void {
  const standing = (cause: Standstill['cause']) => pipeline.standstills().filter((own) => own.cause === cause)
  const describe = (cause: Standstill['cause']) =>
    standing(cause).map(({ topic, partition, code, since }) => ({
      topic,
      partition,
      code,
      since: new Date(since).toISOString(),
    }))
  health.add({ name: 'group', isHealthy: () => pipeline.isMember() })
  health.add({
    name: 'partitions',
    isHealthy: () => standing('surroundings').length === 0,
    detail: () => describe('surroundings'),
  })
  health.add({
    name: 'records',
    optional: true,
    isHealthy: () => standing('records').length === 0,
    detail: () => describe('records'),
  })
}

async function stopPipeline({ config, logger }: ProcessorContext, pipeline: Pipeline): Promise<void> {
  const { drained } = await pipeline.stop({
    drainMs: config.shutdownTimeoutMs * 0.75,
    leaveGroup: config.kafkaLeaveOnStop,
  })
  if (!drained) logger.warn({ code: 'VAL_SHUTDOWN_TIMED_OUT' }, 'drain cut short, unfinished records are read again')
}

/**
 * Starts a processor: first the admin port, then the engine, then the pipeline.
 * @throws VAL_MODEL_*, VAL_KAFKA_*, VAL_PORT_UNAVAILABLE
 */
export async function startProcessor({ config, logger, signal, tracing, onFatal }: ServiceOptions): Promise<Service> {
  await using opened = new AsyncDisposableStack()
  const metrics = createMetrics({ runtime: true })
  meterLog(logger, metrics)
  const health = new Health()
  const base: ProcessorContext = { config, logger, metrics, health, signal, tracing, closers: opened }
  const admin = await startAdminServer({ host: config.adminHost, port: config.adminPort, metrics, health, logger })
  opened.defer(() => admin.close())
  const state: { failed: boolean; pipeline?: Pipeline } = { failed: false }
  health.add({ name: 'pipeline', isHealthy: () => !state.failed && (state.pipeline?.isReady() ?? false) })
  const fail = (error: Error) => {
    state.failed = true
    health.fail(error)
    onFatal(error)
  }
  const engine = await openEngine(base, fail, signal)
  opened.defer(() => engine.close())
  admin.post('/model/reload', () => engine.reload())
  const pipeline = await openPipeline(base, engine.scorer, fail)
  opened.defer(() => stopPipeline(base, pipeline))
  watchPipeline(health, pipeline)
  if (config.httpEnabled) await openFacade(base, engine)
  await patiently(base, 'the consumer group cannot be joined yet', () => pipeline.start())
  state.pipeline = pipeline
  logger.info({ adminPort: admin.port, groupId: config.kafkaGroupId, topics: config.inputTopics }, 'processor started')
  const closers = opened.move()
  return { adminPort: admin.port, stop: () => closers.disposeAsync(), halt: () => engine.close() }
}
