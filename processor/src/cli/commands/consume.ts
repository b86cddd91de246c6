import {
  createScoreConsumer,
  type ScoreConsumer,
  type ScoredEvent,
  type ScoreMeta,
  type ValenceError,
} from '@valence/producer-sdk'
import { type Config, readConfig } from '../../config/config.ts'
import { throwawayGroup } from '../../kafka/group-names.ts'
import { joinPatiently } from '../../kafka/join-patiently.ts'
import { expectTopic } from '../../kafka/kafka-admin.ts'
import { createKafkaClient } from '../../kafka/kafka-client.ts'
import { silentLogger } from '../../observability/logger.ts'
import { openRegistry } from '../../registry/open-registry.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { countOption, textOption } from '../options.ts'
import { counted, paint, safeLine, writeLines } from '../output.ts'

interface ConsumeOptions {
  readonly topic: string
  readonly group: string | undefined
  readonly fromBeginning: boolean
  readonly limit: number
  readonly timeoutMs: number | undefined
}

/** What was read when the command ended, and why it ended. */
interface Outcome {
  readonly events: number
  readonly invalid: number
  readonly timedOut: boolean
}

/** `consume`: committed scored events as JSON, one a line, until told to stop. */
export async function runConsume(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const given: ConsumeOptions = {
    topic: textOption(options, 'topic') ?? config.outputTopic,
    group: textOption(options, 'group'),
    fromBeginning: options.fromBeginning === true,
    limit: countOption(options, 'limit') ?? Number.POSITIVE_INFINITY,
    timeoutMs: countOption(options, 'timeoutMs'),
  }
  await expectTopic(config, given.topic)
  const { events, invalid, timedOut } = await consume(context, config, given)
  const isShort = timedOut && Number.isFinite(given.limit)
  const { stderr } = context
  if (isShort) {
    const missing = `only ${counted(events, 'event')} of ${given.limit}: none came for ${given.timeoutMs} ms\n`
    stderr.write(paint(stderr, 'yellow', missing))
  }
  if (invalid > 0) stderr.write(paint(stderr, 'red', `${counted(invalid, 'record')} passed over\n`))
  return isShort || invalid > 0 ? 1 : 0
}

async function consume(context: CliContext, config: Config, options: ConsumeOptions): Promise<Outcome> {
  const printer = new EventPrinter(context, options)
  const consumer = await joinPatiently(() => startConsumer(config, options, printer))
  const onAbort = () => printer.finish()
  context.signal.addEventListener('abort', onAbort, { once: true })
  if (context.signal.aborted) printer.finish()
  try {
    printer.restartTimeout()
    await Promise.race([printer.finished, consumer.done])
  } finally {
    printer.finish()
    context.signal.removeEventListener('abort', onAbort)
    await consumer.stop({ leaveGroup: true })
  }
  return printer
}

async function startConsumer(config: Config, options: ConsumeOptions, printer: EventPrinter): Promise<ScoreConsumer> {
  const consumer = createScoreConsumer({
    kafka: createKafkaClient(config, 'cli-consumer', silentLogger),
    schemaRegistry: openRegistry(config),
    topic: options.topic,
    groupId: options.group ?? throwawayGroup(config.kafkaGroupId),
    // Without a group of its own there is no position to remember.
    commit: options.group === undefined ? 'manual' : 'at-least-once',
    fromBeginning: options.fromBeginning,
    async handler(event) {
      await printer.print(event)
      // Not awaited, because it waits for this very event; but the next one must not be handled any more. What it
      // rejects with is seen where the same stop is awaited.
      if (printer.isFinished) consumer.stop().catch(() => undefined)
    },
    onInvalid: (error, meta) => printer.complain(error, meta),
  })
  await consumer.start()
  return consumer
}

/** Prints what is read, and knows when it was enough. */
class EventPrinter implements Outcome {
  events = 0
  invalid = 0
  timedOut = false
  isFinished = false
  readonly finished: Promise<void>
  readonly #context: CliContext
  readonly #options: ConsumeOptions
  readonly #finish: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(context: CliContext, options: ConsumeOptions) {
    this.#context = context
    this.#options = options
    const { promise, resolve } = Promise.withResolvers<void>()
    this.finished = promise
    this.#finish = resolve
  }

  async print(event: ScoredEvent): Promise<void> {
    this.restartTimeout()
    this.events += 1
    await writeLines(this.#context.stdout, [JSON.stringify(event)])
    if (this.events >= this.#options.limit) this.finish()
  }

  complain({ code, message }: ValenceError, { partition, offset }: ScoreMeta): void {
    this.restartTimeout()
    this.invalid += 1
    this.#context.stderr.write(`${safeLine(`${partition}:${offset}: ${code}: ${message}`)}\n`)
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
