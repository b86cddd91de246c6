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
  /** Consumer group that commits the position; undefined commits nothing. */
  readonly group: string | undefined
  readonly fromBeginning: boolean
  readonly limit: number
  /** Stop if no record came for this time. */
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal
  /** The next event is delivered after the promise resolves. */
  readonly onEvent: (event: ScoredEvent) => Promise<void>
  /** Called for each record that is not a scored event. */
  readonly onInvalid: (error: ValenceError, meta: ScoreMeta) => void
}

/** Counts at the end, and whether the timeout ended the reading. */
export interface Consumed {
  readonly events: number
  readonly invalid: number
  readonly timedOut: boolean
}

/** Reads committed scored events until the limit, the timeout or the abort signal. @throws VAL_KAFKA_* */
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
    // A throwaway group has no position to commit.
    commit: options.group === undefined ? 'manual' : 'at-least-once',
    fromBeginning: options.fromBeginning,
    async handler(event) {
      await reading.take(event)
      // Stops the delivery of further events. Not awaited: stop() waits for this handler, which would deadlock. Its
      // rejection is reported by the awaited stop() in `consumeScores`.
      if (reading.isFinished) consumer.stop().catch(() => undefined)
    },
    onInvalid: (error, meta) => reading.passOver(error, meta),
  })
  await consumer.start()
  return consumer
}

/** Counts records and resolves `finished` at the limit, the timeout or a call of `finish`. */
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
