import { createScoreDecoder } from '@valence/producer-sdk'
import {
  type FeedbackEvent,
  feedbackEventJson,
  framedPayload,
  isValenceError,
  readSchemaId,
  type SchemaRegistry,
  type ScoredEvent,
  ValenceError,
} from '@valence/schemas'
import type { Config } from '../config/config.ts'
import { followWithReconnect } from '../kafka/follow-with-reconnect.ts'
import { readerGroupPrefix } from '../kafka/group-names.ts'
import { createKafkaClient } from '../kafka/kafka-client.ts'
import { TopicTail } from '../kafka/topic-tail.ts'
import type { Logger } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import { retryWhileRetryable } from '../platform/retry.ts'
import { FeedbackJoin } from './feedback-join.ts'

const expireMs = 1_000

export interface FeedbackWatch {
  /** Resolves when both topics are no longer read. */
  stop(): Promise<void>
}

export interface FeedbackWatchOptions {
  readonly config: Config
  readonly topic: string
  readonly registry: SchemaRegistry | undefined
  readonly metrics: Metrics
  readonly logger: Logger
}

type Decode<T> = (value: Buffer) => T | Promise<T>

/** Detects the format of each record, as for scored events. */
function createFeedbackDecoder(registry: SchemaRegistry | undefined): Decode<FeedbackEvent> {
  return (value) => {
    const schemaId = readSchemaId(value)
    if (schemaId === undefined) return feedbackEventJson.parse(value)
    if (registry === undefined) throw new ValenceError('VAL_REGISTRY_REQUIRED', `schema id ${schemaId}`)
    const payload = framedPayload(value)
    const decode = registry.feedback.cached(schemaId)
    return decode ? decode(payload) : registry.feedback.load(schemaId).then((loaded) => loaded(payload))
  }
}

function openJoin({ config, metrics: { feedback } }: FeedbackWatchOptions): FeedbackJoin {
  return new FeedbackJoin({
    windowMs: config.feedbackWindowMs,
    windowEvents: config.feedbackWindowEvents,
    observer: {
      counted: (outcome) => feedback.events.inc({ outcome }),
      joined({ version, truth, answer, delayMs }) {
        feedback.labels.inc({ version, truth, answer })
        feedback.delay.observe(delayMs / 1_000)
      },
    },
  })
}

/**
 * Reads scored events and feedback from now on and counts how often the model was right. It commits and writes nothing,
 * so no result depends on it. A restart loses the current window.
 */
export function watchFeedback(options: FeedbackWatchOptions): FeedbackWatch {
  const { config, topic, registry, metrics, logger } = options
  const join = openJoin(options)
  const stopping = new AbortController()

  function follow<T>(role: string, name: string, decode: Decode<T>, take: (event: T) => void, refuse: () => void) {
    const tail = new TopicTail({
      kafka: createKafkaClient(config, role, logger),
      topic: name,
      groupPrefix: readerGroupPrefix(config.kafkaGroupId, 'feedback'),
      logger,
      async onBatch({ records }) {
        for (const { value } of records) {
          if (value === null) continue
          const event = await readPatiently(decode, value, stopping.signal)
          if (event === undefined) refuse()
          else take(event)
        }
      },
      onGap: () => logger.warn({ topic: name }, 'feedback skipped deleted records'),
    })
    return followWithReconnect(tail, {
      signal: stopping.signal,
      onConnected: () => logger.info({ topic: name }, 'feedback connected'),
      onEnded: (lost) =>
        lost && logger.warn({ err: lost.error, topic: name, delayMs: lost.delayMs }, 'feedback connection lost'),
    })
  }

  const following = [
    follow<ScoredEvent>(
      'feedback-scores',
      config.outputTopic,
      createScoreDecoder(registry),
      (event) => join.scored(event, Date.now()),
      () => logger.debug('record of the output topic is not a scored event'),
    ),
    follow<FeedbackEvent>(
      'feedback-labels',
      topic,
      createFeedbackDecoder(registry),
      (event) => join.feedback(event, Date.now()),
      () => metrics.feedback.events.inc({ outcome: 'invalid' }),
    ),
  ]
  const expiring = setInterval(() => {
    join.expire(Date.now())
    metrics.feedback.waiting.set({ kind: 'scored' }, join.sizes.scored)
    metrics.feedback.waiting.set({ kind: 'feedback' }, join.sizes.feedback)
  }, expireMs)
  return {
    async stop() {
      clearInterval(expiring)
      stopping.abort()
      await Promise.all(following)
    },
  }
}

/** Waits for the registry without a time limit; undefined for an invalid record. */
async function readPatiently<T>(decode: Decode<T>, value: Buffer, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await retryWhileRetryable(async () => decode(value), {
      initialDelayMs: 250,
      maxDelayMs: 5_000,
      signal,
    })
  } catch (error) {
    if (!isValenceError(error)) throw error
    return undefined
  }
}
