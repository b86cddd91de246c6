import { defaultTopics, type TextEventInput, ValenceError } from '@valence/schemas'
import { type Connection, kafkaFrom, type RegistryConnection, registryFrom } from '../connection.ts'
import { Delivery, type PendingRecord, type SentRecord } from '../kafka/delivery.ts'
import {
  type CompressionName,
  compressionTypes,
  kafkaErrors,
  type Message,
  type Producer,
  type RetryOptions,
} from '../kafka/index.ts'
import { recordingPartitioner } from '../kafka/partitioner.ts'
import { startSend } from '../tracing/text-spans.ts'
import { RecordBatcher } from './record-batcher.ts'
import {
  completeEvent,
  createTextEncoder,
  listHeaders,
  type SendOptions,
  type TextEncoder,
  type TextFormat,
  type TextRecord,
  toTextRecord,
} from './text-record.ts'

/** A text to score. `id` defaults to a UUID, `occurredAt` to the time of sending. */
export type TextInput = TextEventInput

/** Position of a produced text. */
export type SentText = SentRecord

type PendingText = TextRecord & PendingRecord

/** Topic, format and batching of a producer. */
export type TextProducerOptions = Connection &
  RegistryConnection & {
    /** @default 'sentiment.texts.v1' */
    readonly topic?: string | undefined
    /** `avro` needs a schema registry. @default 'avro' with a registry, else 'json' */
    readonly format?: TextFormat | undefined
    /** @default 'zstd' */
    readonly compression?: CompressionName | undefined
    /** Maximum time a record waits for more records to fill its batch, milliseconds. @default 5 */
    readonly lingerMs?: number | undefined
    /** Maximum size of a batch, uncompressed. Must be below the topic's max.message.bytes. @default 524288 */
    readonly batchMaxBytes?: number | undefined
    /** Maximum records of a batch, at most 1000. @default 1000 */
    readonly batchMaxRecords?: number | undefined
    /** Maximum buffered bytes; above it `send` waits. @default 8388608 */
    readonly maxBufferedBytes?: number | undefined
    /** Let the broker drop duplicates of retries. @default true */
    readonly idempotent?: boolean | undefined
    /** Retries of a batch before its records are rejected. @default 30 retries, about two minutes */
    readonly deliveryRetry?: RetryOptions | undefined
  }

/** Options of `sendAll`. */
export interface SendAllOptions {
  /** The key and headers of each event. */
  readonly optionsFor?: (event: TextInput) => SendOptions
  /** Called for each acknowledged text. */
  readonly onSent?: (sent: SentText) => void
}

/** Sends texts to the input topic. */
export interface TextProducer {
  /** Connects and registers the schema. Optional, to fail early: `send` does the same. */
  connect(): Promise<void>
  /**
   * Resolves when the broker has acknowledged the record. Waits while the buffer is full.
   *
   * @throws VAL_RECORD_INVALID, VAL_RECORD_NOT_UTF8, VAL_TEXT_EMPTY, VAL_TEXT_TOO_LARGE before anything is buffered;
   *   VAL_PRODUCER_CLOSED, VAL_PRODUCER_FAILED, VAL_KAFKA_* when the record was not acknowledged
   */
  send(event: TextInput, options?: SendOptions): Promise<SentText>
  /**
   * Sends all events, as fast as the buffer accepts them. Resolves with their number when all are acknowledged; rejects
   * with the first failure.
   */
  sendAll(events: Iterable<TextInput> | AsyncIterable<TextInput>, options?: SendAllOptions): Promise<number>
  /** Resolves when all earlier sends have been acknowledged or rejected. */
  flush(): Promise<void>
  /** Flushes and disconnects; later sends are rejected. */
  close(): Promise<void>
}

const defaults = {
  clientId: 'valence-text-producer',
  compression: 'zstd',
  lingerMs: 5,
  batchMaxBytes: 512 * 1024,
  batchMaxRecords: 1_000,
  maxBufferedBytes: 8 * 1024 * 1024,
  deliveryRetry: { retries: 30, initialRetryTime: 100, maxRetryTime: 5_000 },
} as const

/** Creates a producer of texts for Valence: typed, idempotent, batching, with backpressure. */
export function createTextProducer(options: TextProducerOptions): TextProducer {
  return new KafkaTextProducer(options)
}

class KafkaTextProducer implements TextProducer {
  readonly #options: TextProducerOptions
  readonly #topic: string
  readonly #producer: Producer
  readonly #batcher: RecordBatcher<PendingText>
  #connection: Promise<TextEncoder> | undefined
  #closing: Promise<void> | undefined

  constructor(options: TextProducerOptions) {
    if (options.format === 'avro' && !options.schemaRegistryUrl && !options.schemaRegistry) {
      throw new ValenceError('VAL_CONFIG_INVALID', 'the format avro needs a schema registry')
    }
    this.#options = options
    this.#topic = options.topic ?? defaultTopics.texts
    const partitions = new WeakMap<Message, number>()
    const kafka = kafkaFrom(options, defaults)
    this.#producer = kafka.producer({
      idempotent: options.idempotent ?? true,
      allowAutoTopicCreation: false,
      retry: options.deliveryRetry ?? defaults.deliveryRetry,
      createPartitioner: recordingPartitioner(kafka, partitions),
    })
    const delivery = new Delivery({
      topic: this.#topic,
      compression: compressionTypes[options.compression ?? defaults.compression],
      send: (record) => this.#producer.send(record),
      partitionOf: (message) => partitions.get(message),
    })
    this.#batcher = new RecordBatcher({
      deliver: (batch) => delivery.deliver(batch),
      lingerMs: options.lingerMs ?? defaults.lingerMs,
      batchMaxBytes: options.batchMaxBytes ?? defaults.batchMaxBytes,
      batchMaxRecords: Math.min(options.batchMaxRecords ?? defaults.batchMaxRecords, defaults.batchMaxRecords),
      maxBufferedBytes: options.maxBufferedBytes ?? defaults.maxBufferedBytes,
    })
  }

  async connect(): Promise<void> {
    await this.#connected()
  }

  async send(event: TextInput, options: SendOptions = {}): Promise<SentText> {
    const { sent } = await this.#admit(event, options)
    return sent
  }

  async sendAll(
    events: Iterable<TextInput> | AsyncIterable<TextInput>,
    { optionsFor, onSent }: SendAllOptions = {},
  ): Promise<number> {
    let count = 0
    const failures: unknown[] = []
    const fail = (error: unknown) => failures.push(error)
    const acknowledge = (own: SentText) => {
      count += 1
      onSent?.(own)
    }
    try {
      for await (const event of events) {
        const { sent } = await this.#admit(event, optionsFor?.(event) ?? {})
        sent.then(acknowledge).catch(fail)
        if (failures.length > 0) break
      }
    } catch (error) {
      fail(error)
    }
    await this.flush()
    if (failures.length > 0) throw failures[0]
    return count
  }

  flush(): Promise<void> {
    return this.#batcher.flush()
  }

  close(): Promise<void> {
    this.#closing ??= this.#batcher.flush().then(() => this.#producer.disconnect())
    return this.#closing
  }

  /** Resolves when the record is buffered. Returns an object, so that `await` does not wait for the acknowledgement. */
  async #admit(event: TextInput, options: SendOptions): Promise<{ sent: Promise<SentText> }> {
    this.#expectOpen()
    const encode = await this.#connected()
    this.#expectOpen()
    const complete = completeEvent(event)
    const value = encode(complete)
    const span = startSend(this.#topic, listHeaders(options.headers))
    const record = toTextRecord(complete.id, value, { ...options, headers: span.headers })
    const { promise: sent, resolve, reject } = Promise.withResolvers<SentText>()
    // A send can fail before buffering has finished; awaiting `sent` still reports the error.
    sent.then(span.sent, span.failed)
    await this.#batcher.add({ ...record, resolve, reject })
    return { sent }
  }

  #expectOpen(): void {
    if (this.#closing) throw new ValenceError('VAL_PRODUCER_CLOSED')
  }

  /** Concurrent callers share one attempt. A failed attempt is discarded, so that the next send tries again. */
  #connected(): Promise<TextEncoder> {
    this.#connection ??= this.#connect().catch((error: unknown) => {
      this.#connection = undefined
      throw kafkaErrors.toValenceError(error, 'VAL_PRODUCER_FAILED')
    })
    return this.#connection
  }

  async #connect(): Promise<TextEncoder> {
    const registry = registryFrom(this.#options)
    const encode = await createTextEncoder(this.#options.format ?? (registry ? 'avro' : 'json'), this.#topic, registry)
    await this.#producer.connect()
    // kafkajs finishes a connection in progress even after `disconnect()`; it would keep the process alive.
    if (this.#closing) await this.#producer.disconnect()
    this.#expectOpen()
    return encode
  }
}
