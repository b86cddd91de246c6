import { createTextProducer, type TextInput, type TextProducer } from '@valence/producer-sdk'
import { isValenceError } from '@valence/schemas'
import type { Config } from '../../config/config.ts'
import { createKafkaClient } from '../../kafka/kafka-client.ts'
import { silentLogger } from '../../observability/logger.ts'
import { openRegistry } from '../../registry/open-registry.ts'
import { type InputFile, readItems } from '../../text-files/input-file.ts'
import { fieldText, type TextFields, type TextItem } from '../../text-files/text-line.ts'
import { createPace } from './pace.ts'
import type { ProduceListener, ProduceOptions } from './produce-run.ts'

/** Maximum number of unacknowledged texts. The producer limits their bytes. */
const maxOutstanding = 10_000

/** Sends the texts of a file as text events. @throws VAL_KAFKA_*, VAL_PRODUCER_FAILED, VAL_REGISTRY_UNAVAILABLE */
export async function produceTexts(
  config: Config,
  options: ProduceOptions,
  file: InputFile,
  watch: ProduceListener,
): Promise<void> {
  const producer = createTextProducer({
    kafka: createKafkaClient(config, 'cli-producer', silentLogger),
    schemaRegistry: openRegistry(config),
    topic: options.topic,
    compression: config.kafkaCompression,
  })
  try {
    await producer.connect()
    const sending = new Sending(producer, watch)
    const pace = createPace(options.rate, watch.signal)
    for await (const items of readItems(options.path, file, options.format, options.key)) {
      for (const item of items) {
        if (watch.signal.aborted || sending.failure) break
        await pace()
        if (item.error) watch.onProblem(item.line, item.error)
        else await sending.send(item, item.fields, options.key)
      }
      if (watch.signal.aborted || sending.failure) break
    }
    await producer.flush()
    if (sending.failure) throw sending.failure
  } finally {
    await producer.close()
  }
}

/** Limits unacknowledged texts, and separates errors of a text (reported) from all others (end the run). */
class Sending {
  /** First error that is not the fault of a text; nothing more is sent. */
  failure: unknown
  readonly #producer: TextProducer
  readonly #watch: ProduceListener
  #outstanding = 0
  #wake: (() => void) | undefined

  constructor(producer: TextProducer, watch: ProduceListener) {
    this.#producer = producer
    this.#watch = watch
  }

  /** Resolves when the next text may be sent. */
  async send({ line, end }: TextItem, fields: TextFields, keyField: string | undefined): Promise<void> {
    const key = keyField === undefined ? undefined : fieldText(fields, keyField)
    this.#outstanding += 1
    this.#producer
      .send(toEvent(fields), { key })
      .then(
        () => this.#watch.onProduced(1, end),
        (error: unknown) => {
          if (isValenceError(error) && error.deadLetter) this.#watch.onProblem(line, error)
          else this.failure ??= error
        },
      )
      .finally(() => {
        this.#outstanding -= 1
        this.#wake?.()
      })
    while (this.#outstanding >= maxOutstanding) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

/** The fields of a text event; the producer validates them. Other fields, such as labels, are dropped. */
function toEvent(fields: TextFields): TextInput {
  const { text, occurredAt, source, lang, attributes } = fields
  return { text, id: fieldText(fields, 'id'), occurredAt, source, lang, attributes } as TextInput
}
