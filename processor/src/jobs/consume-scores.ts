import {
  createScoreConsumer,
  type ScoreConsumer,
  type ScoredEvent,
  type ScoreMeta,
  type ValenceError,
} from '@valence/producer-sdk'
import type { Config } from '../config/config.ts'
import { throwawayGroup } from '../kafka/group-names.ts'
import { createKafkaClient } from '../kafka/kafka-client.ts'
import { silentLogger } from '../observability/logger.ts'
import { retryForCommand } from '../platform/retry-for-command.ts'
import { openRegistry } from '../registry/open-registry.ts'

export interface ConsumeOptions {
  readonly topic: string
  /** Remembers the position; without one there is none to remember. */
  readonly group: string | undefined
  readonly fromBeginning: boolean
  readonly limit: number
  /** Reading ends when nothing came for so long. */
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal
  /** The next event comes when it is done. */
  readonly onEvent: (event: ScoredEvent) => Promise<void>
  /** A record that is no scored event. */
  readonly onInvalid: (error: ValenceError, meta: ScoreMeta) => void
}

/** What was read when it ended, and why it ended. */
export interface Consumed {
  readonly events: number
  readonly invalid: number
  readonly timedOut: boolean
}

/** Reads scored events, committed ones only, until it was enough. @throws VAL_KAFKA_* */
export async function consumeScores(config: Config, options: ConsumeOptions): Promise<Consumed> {
  const reading = new Reading(options)
  const consumer = await retryForCommand(() => startConsumer(config, options, reading))
  const onAbort = () => reading.finish()
  options.signal.addEventListener('abort', onAbort, { once: true })
  if (options.signal.aborted) reading.finish()
  try {
    reading.restartTimeout()
    await Promise.race([reading.finished, consumer.done])
  } finally {
    reading.finish()
    options.signal.removeEventListener('abort', onAbort)
    await consumer.stop({ leaveGroup: true })
  }
  return reading
}

async function startConsumer(config: Config, options: ConsumeOptions, reading: Reading): Promise<ScoreConsumer> {
  const consumer = createScoreConsumer({
    kafka: createKafkaClient(config, 'cli-consumer', silentLogger),
    schemaRegistry: openRegistry(config),
    topic: options.topic,
    groupId: options.group ?? throwawayGroup(config.kafkaGroupId),
    // Without a group of its own there is no position to remember.
    commit: options.group === undefined ? 'manual' : 'at-least-once',
    fromBeginning: options.fromBeginning,
    async handler(event) {
      await reading.take(event)
      // Not awaited, because it waits for this very event; but the next one must not be handled any more. What it
      // rejects with is seen where the same stop is awaited.
      if (reading.isFinished) consumer.stop().catch(() => undefined)
    },
    onInvalid: (error, meta) => reading.passOver(error, meta),
  })
  await consumer.start()
  return consumer
}

/** Counts what is read, and knows when it was enough. */
class Reading implements Consumed {
  events = 0
  invalid = 0
  timedOut = false
  isFinished = false
  readonly finished: Promise<void>
  readonly #options: ConsumeOptions
  readonly #finish: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(options: ConsumeOptions) {
    this.#options = options
    const { promise, resolve } = Promise.withResolvers<void>()
    this.finished = promise
    this.#finish = resolve
  }

  async take(event: ScoredEvent): Promise<void> {
    this.restartTimeout()
    this.events += 1
    await this.#options.onEvent(event)
    if (this.events >= this.#options.limit) this.finish()
  }

  passOver(error: ValenceError, meta: ScoreMeta): void {
    this.restartTimeout()
    this.invalid += 1
    this.#options.onInvalid(error, meta)
  }

  restartTimeout(): void {
    const { timeoutMs } = this.#options
    if (timeoutMs === undefined || this.isFinished) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.timedOut = true
      this.finish()
    }, timeoutMs)
  }

  finish(): void {
    this.isFinished = true
    clearTimeout(this.#timer)
    this.#finish()
  }
}
