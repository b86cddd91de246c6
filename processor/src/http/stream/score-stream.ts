import { createScoreDecoder, type ScoreDecoder } from '@valence/producer-sdk'
import { isValenceError, type SchemaRegistry, type ScoredEvent } from '@valence/schemas'
import { followWithReconnect } from '../../kafka/follow-with-reconnect.ts'
import { readLag } from '../../kafka/group-lag.ts'
import { readerGroupPrefix } from '../../kafka/group-names.ts'
import { createKafkaClient } from '../../kafka/kafka-client.ts'
import { TopicTail } from '../../kafka/topic-tail.ts'
import type { OpeningContext } from '../../observability/service-context.ts'
import { retryWhileRetryable } from '../../platform/retry.ts'
import type { ScoreStream } from '../routes/stream-routes.ts'
import { LagWatch } from './lag-watch.ts'
import { ScoreFeed } from './score-feed.ts'
import { StreamClients } from './stream-clients.ts'

const statusMs = 2_000

/** Counts events, and their age since scoring, between two reports. */
class RateMeter {
  #events = 0
  #delayMs = 0
  #since = performance.now()

  beat(delayMs: number): void {
    this.#events++
    this.#delayMs += delayMs
  }

  read(): { eventsPerSecond: number; delayMs: number | null } {
    const elapsedMs = performance.now() - this.#since
    const delayMs = this.#events === 0 ? null : Math.round(this.#delayMs / this.#events)
    const eventsPerSecond = Math.round((this.#events / elapsedMs) * 10_000) / 10
    this.#events = 0
    this.#delayMs = 0
    this.#since = performance.now()
    return { eventsPerSecond, delayMs }
  }
}

/**
 * Streams committed scores from Kafka to the clients of this process. While Kafka is unreachable it reconnects; the
 * streams stay open and go on with the next event.
 */
export function openScoreStream(base: OpeningContext, schemaRegistry: SchemaRegistry | undefined): ScoreStream {
  const { config, logger, metrics, health, closers } = base
  const feed = new ScoreFeed()
  const rateMeter = new RateMeter()
  const lag = openLagWatch(base)
  const stopping = new AbortController()
  const state = { connected: false }
  const clients: StreamClients = new StreamClients({
    feed,
    metrics,
    maxStreams: config.httpMaxStreams,
    heartbeatMs: statusMs,
    status: () => ({ ...rateMeter.read(), lag: clients.count > 0 ? lag.latest() : null, connected: state.connected }),
  })
  const decode = createScoreDecoder(schemaRegistry)

  const tail = new TopicTail({
    kafka: createKafkaClient(config, 'stream', logger),
    topic: config.outputTopic,
    groupPrefix: readerGroupPrefix(config.kafkaGroupId, 'stream'),
    logger,
    onBatch: async ({ partition, records }) => {
      for (const { value, offset } of records) {
        const event = value && (await readEvent(decode, value, base, stopping.signal))
        if (!event) continue
        rateMeter.beat(Math.max(0, Date.now() - event.scoredAt))
        feed.publish(event, partition, offset)
      }
    },
    onGap: () => feed.interrupt(),
  })
  health.add({ name: 'kafka-stream', optional: true, isHealthy: () => state.connected && tail.isMember })

  const following = followWithReconnect(tail, {
    signal: stopping.signal,
    onConnected() {
      state.connected = true
      logger.info({ topic: config.outputTopic }, 'score stream connected')
    },
    onEnded(lost) {
      state.connected = false
      if (lost) logger.warn({ err: lost.error, delayMs: lost.delayMs }, 'score stream interrupted')
    },
  })
  closers.defer(async () => {
    stopping.abort()
    await following.catch((err: unknown) => logger.debug({ err }, 'score stream stopped late'))
  })
  return { clients, isConnected: () => state.connected }
}

/** The processors' lag, for the status of the stream. */
function openLagWatch({ config, logger, closers }: OpeningContext): LagWatch {
  const admin = createKafkaClient(config, 'stream-lag', logger).admin({ retry: { retries: 0 } })
  const { kafkaGroupId: groupId, inputTopics: topics, kafkaStart: start } = config
  async function read(): Promise<bigint> {
    await admin.connect()
    const { partitions } = await readLag({ admin, groupId, topics, start })
    return partitions.reduce((sum, partition) => sum + partition.lag, 0n)
  }
  closers.defer(() => admin.disconnect())
  return new LagWatch(read, 3 * statusMs)
}

/** Waits for the registry as long as it takes; undefined for a record that is no scored event. */
async function readEvent(
  decode: ScoreDecoder,
  value: Buffer,
  { logger }: OpeningContext,
  signal: AbortSignal,
): Promise<ScoredEvent | undefined> {
  try {
    return await retryWhileRetryable(async () => decode(value), {
      initialDelayMs: 250,
      maxDelayMs: 5_000,
      signal,
      onRetry: ({ code }, delayMs) => logger.debug({ code, delayMs }, 'a scored event waits for its schema'),
    })
  } catch (error) {
    if (!isValenceError(error)) throw error
    logger.debug({ code: error.code }, 'record of the output topic is not a scored event')
    return undefined
  }
}
