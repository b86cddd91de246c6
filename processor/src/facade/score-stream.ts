import { randomUUID } from 'node:crypto'
import { createScoreConsumer, type ScoreConsumer } from '@valence/producer-sdk'
import { type SchemaRegistry, ValenceError } from '@valence/schemas'
import type { ScoreStream } from '../http/routes/stream-routes.ts'
import { ScoreFeed } from '../http/stream/score-feed.ts'
import { StreamClients } from '../http/stream/stream-clients.ts'
import { createKafkaClient } from '../kafka/kafka-client.ts'
import type { FacadeBase } from './facade-base.ts'

const statusMs = 2_000
const firstDelayMs = 500
const maxDelayMs = 10_000
const startTimeoutMs = 10_000

/** Counts events and how long they took from being scored to being here, between two looks. */
class Pulse {
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
 * Committed scores from Kafka to every client of this process: one consumer in a group of its own, rebuilt for as long
 * as Kafka is away. Streams stay open meanwhile and are told of the gap.
 */
export function openScoreStream(base: FacadeBase, schemaRegistry: SchemaRegistry | undefined): ScoreStream {
  const { config, logger, metrics, health, closers } = base
  const feed = new ScoreFeed()
  const pulse = new Pulse()
  const state = { connected: false, stopped: false }
  const clients = new StreamClients({
    feed,
    metrics,
    maxStreams: config.httpMaxStreams,
    heartbeatMs: statusMs,
    status: () => ({ ...pulse.read(), connected: state.connected }),
  })
  health.add({ name: 'kafka-stream', optional: true, isHealthy: () => state.connected })
  const stopping = new AbortController()
  let consumer: ScoreConsumer | undefined
  // One for the life of the process, so that it goes on where it was when Kafka was away.
  const groupId = `${config.kafkaGroupId}-stream-${randomUUID()}`

  function createConsumer(): ScoreConsumer {
    return createScoreConsumer({
      // A static member: one that comes back need not wait until its former self is given up.
      kafka: createKafkaClient(config, 'stream', logger, groupId),
      schemaRegistry,
      topic: config.outputTopic,
      groupId,
      concurrency: 4,
      handler: (event, { partition, offset }) => {
        pulse.beat(Math.max(0, Date.now() - event.scoredAt))
        feed.publish(event, partition, BigInt(offset))
      },
      onInvalid: (error) => logger.debug({ code: error.code }, 'a record of the output topic is no scored event'),
    })
  }

  async function follow(): Promise<void> {
    consumer = createConsumer()
    await startWithin(consumer, startTimeoutMs)
    state.connected = true
    logger.info({ topic: config.outputTopic }, 'score stream connected')
    await consumer.done
  }

  async function keepFollowing(): Promise<void> {
    for (let delayMs = firstDelayMs; !state.stopped; delayMs = Math.min(2 * delayMs, maxDelayMs)) {
      try {
        await follow()
      } catch (err) {
        logger.warn({ err, delayMs }, 'score stream interrupted')
      }
      if (state.connected) {
        delayMs = firstDelayMs
        feed.interrupt()
      }
      state.connected = false
      await pause(delayMs, stopping.signal)
    }
  }

  const following = keepFollowing()
  closers.defer(async () => {
    state.stopped = true
    stopping.abort()
    await consumer
      ?.stop({ leaveGroup: true })
      .catch((err: unknown) => logger.debug({ err }, 'score stream stopped late'))
    await following
  })
  return { clients, isConnected: () => state.connected }
}

/** A consumer whose brokers vanish while it starts can hang for ever; it is left behind. */
async function startWithin(consumer: ScoreConsumer, timeoutMs: number): Promise<void> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new ValenceError('VAL_KAFKA_UNREACHABLE', 'joining takes too long')),
    timeoutMs,
  )
  try {
    await Promise.race([consumer.start(), late.promise])
  } catch (error) {
    consumer.done.catch(() => undefined)
    consumer.stop({ leaveGroup: true }).catch(() => undefined)
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(done, delayMs)
    if (signal.aborted) done()
    signal.addEventListener('abort', done, { once: true })
  })
}
