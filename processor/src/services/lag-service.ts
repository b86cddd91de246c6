import { kafkaErrors } from '@valence/producer-sdk/kafka'
import type { Config } from '../config/config.ts'
import { watchFeedback } from '../feedback/watch-feedback.ts'
import { readLag } from '../kafka/group-lag.ts'
import { createKafkaClient } from '../kafka/kafka-client.ts'
import { startAdminServer } from '../observability/admin-server.ts'
import { Health } from '../observability/health.ts'
import { type Logger, meterLog } from '../observability/logger.ts'
import { createMetrics } from '../observability/metrics.ts'
import { openRegistry } from '../registry/open-registry.ts'
import { AnswerAge } from '../scaling/answer-age.ts'
import { Scaler, type ScalerOptions, type ScalingReport } from '../scaling/scaler.ts'
import { describeScaling, meterScaling, watchGroup } from '../scaling/watch-group.ts'
import type { Service, ServiceOptions } from './service.ts'

export function scalerOptions(config: Config): ScalerOptions {
  return {
    targetSeconds: config.scalingTargetMs / 1_000,
    minReplicas: config.scalingMinReplicas,
    maxReplicas: config.scalingMaxReplicas,
    capacity: config.scalingCapacityTexts,
    startSeconds: config.scalingStartMs / 1_000,
    rebalanceSeconds: config.scalingRebalanceMs / 1_000,
    downAfterSeconds: config.scalingDownAfterMs / 1_000,
  }
}

export interface ScalingWatch {
  readonly scaler: Scaler
  /** False when the last snapshot is too old; the replica count is then kept. */
  readonly isCurrent: boolean
  /** Resolves once the watch loop has ended. */
  stop(): Promise<void>
}

/** Watches the configured group through its own admin client. */
export function watchScaling(
  config: Config,
  logger: Logger,
  options: ScalerOptions,
  onReport: (report: ScalingReport) => void,
): ScalingWatch {
  const admin = createKafkaClient(config, 'lag', logger).admin()
  const { kafkaGroupId: groupId, inputTopics: topics, kafkaStart: start, scalingIntervalMs: intervalMs } = config
  const scaler = new Scaler(options)
  const stopping = new AbortController()
  const age = new AnswerAge(intervalMs)
  let isConnected = false
  const read = async () => {
    try {
      if (!isConnected) await admin.connect()
      isConnected = true
      const snapshot = await readLag({ admin, groupId, topics, start })
      age.answered()
      return snapshot
    } catch (error) {
      throw kafkaErrors.toValenceError(error, 'VAL_KAFKA_UNREACHABLE')
    }
  }
  const watching = watchGroup({
    read,
    scaler,
    intervalMs,
    signal: stopping.signal,
    onReport,
    onLost: ({ code, detail, help }) =>
      logger.warn({ code, detail, help }, 'group query failed, keeping the last count'),
    onBack: () => logger.info('group query succeeded again'),
  })
  return {
    scaler,
    get isCurrent() {
      return age.isCurrent
    },
    async stop() {
      stopping.abort()
      await watching
      await admin.disconnect()
    },
  }
}

/**
 * The lag service: reads the lag of the group from the brokers, so it needs no running processor, and publishes the
 * desired replica count at `/scaling` of the admin port. @throws VAL_PORT_UNAVAILABLE
 */
export async function startLagService({ config, logger }: Pick<ServiceOptions, 'config' | 'logger'>): Promise<Service> {
  await using opened = new AsyncDisposableStack()
  const metrics = createMetrics({ runtime: true })
  meterLog(logger, metrics)
  metrics.scaling.target.set(config.scalingTargetMs / 1_000)
  const health = new Health()
  const admin = await startAdminServer({ host: config.adminHost, port: config.adminPort, metrics, health, logger })
  opened.defer(() => admin.close())
  let last: ScalingReport | undefined
  const watch = watchScaling(config, logger, scalerOptions(config), (report) => {
    if (report.desiredReplicas !== last?.desiredReplicas) {
      const { desiredReplicas, reason, demand, capacity, total } = report
      logger.info({ desiredReplicas, reason, demand, capacity, lag: total.lag }, 'desired number of processors')
    }
    last = report
    meterScaling(metrics, report)
  })
  opened.defer(() => watch.stop())
  // Unready until the brokers have answered once, and when their last answer is older than a failover takes. KEDA then
  // keeps the current replicas; until that age the last count at `/scaling` does the same.
  health.add({
    name: 'group',
    isHealthy: () => watch.isCurrent,
    detail: () => ({ lastAnswer: last === undefined ? null : new Date(last.at).toISOString() }),
  })
  admin.get('/scaling', () => last && describeScaling(last))
  const { feedbackTopic } = config
  if (feedbackTopic !== undefined) {
    const registry = openRegistry(config)
    const feedback = watchFeedback({ config, topic: feedbackTopic, registry, metrics, logger })
    opened.defer(() => feedback.stop())
  }
  logger.info(
    { adminPort: admin.port, groupId: config.kafkaGroupId, topics: config.inputTopics },
    'lag service started',
  )
  const closers = opened.move()
  return { adminPort: admin.port, stop: () => closers.disposeAsync() }
}
