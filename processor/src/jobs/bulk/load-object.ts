import type { Admin } from '@valence/producer-sdk/kafka'
import {
  frame,
  isValenceError,
  recordHeader,
  type TextEventInput,
  textEventAvro,
  textEventJson,
  ValenceError,
  valueSubject,
} from '@valence/schemas'
import type { Config } from '../../config/config.ts'
import { createOutputPartitions } from '../../kafka/output-partitions.ts'
import type { OutgoingRecord } from '../../kafka/record.ts'
import { openRegistry } from '../../registry/open-registry.ts'
import { type FileFormat, readItems } from '../../text-files/input-file.ts'
import { fieldText, type TextFields, type TextItem } from '../../text-files/text-line.ts'
import type { SettledRecord, SettlingSession } from '../settling-session.ts'
import type { BulkObject } from './bulk-source.ts'

/** Header with the fingerprint of the object. The processor copies it to the result, which identifies the job. */
export const jobHeader = 'bulk-job'

const linesPerTransaction = 500

export interface TextLoaderOptions {
  readonly topic: string
  readonly format: FileFormat
  readonly key: string | undefined
}

export interface LoadOptions {
  readonly session: SettlingSession
  /** Number of lines that earlier runs have sent. */
  readonly from: bigint
  /** Called for each line that is not published. */
  readonly onProblem: (line: number, error: ValenceError) => void
  readonly signal: AbortSignal
  /** Progress: texts of the object so far, and the byte at which the last read line ends. */
  readonly onTexts: (texts: number, end: number) => void
}

/** Counts of one object: texts that were sent, and all lines, including invalid and refused ones. */
export interface LoadedObject {
  readonly texts: number
  readonly lines: bigint
  readonly isWhole: boolean
  /** Why the object could not be read to its end. */
  readonly failure?: ValenceError
}

/** Sends the texts of objects. Lines and their count are in one transaction, so a restarted job sends no line twice. */
export class TextLoader {
  readonly #options: TextLoaderOptions
  readonly #encode: (event: TextEventInput) => Buffer
  readonly #partitionOf: (key: Buffer | null, line: number) => number

  private constructor(
    options: TextLoaderOptions,
    encode: (event: TextEventInput) => Buffer,
    partitionOf: (key: Buffer | null, line: number) => number,
  ) {
    this.#options = options
    this.#encode = encode
    this.#partitionOf = partitionOf
  }

  /** @throws VAL_KAFKA_*, VAL_REGISTRY_UNAVAILABLE */
  static async open(config: Config, admin: Admin, options: TextLoaderOptions): Promise<TextLoader> {
    const partitions = createOutputPartitions(admin, [options.topic])
    await partitions.refresh()
    const registry = openRegistry(config)
    const schemaId = await registry?.registerFor(valueSubject(options.topic), 'text-event')
    const encode = (event: TextEventInput) =>
      schemaId === undefined ? textEventJson.encode(event) : frame(schemaId, textEventAvro.encode(event))
    return new TextLoader(options, encode, (key, line) => partitions.of(options.topic, key, line))
  }

  async load(object: BulkObject, { session, from, onProblem, signal, onTexts }: LoadOptions): Promise<LoadedObject> {
    const outbox = new Outbox(session, from, onProblem)
    let failure: ValenceError | undefined
    for await (const items of readObject(object, this.#options)) {
      if (isValenceError(items)) {
        failure = items
        break
      }
      for (const item of items) {
        await this.#addTo(outbox, object, item, onProblem)
        if (signal.aborted) return { texts: outbox.texts, lines: outbox.lines, isWhole: false }
      }
      onTexts(outbox.texts, items.at(-1)?.end ?? 0)
    }
    await outbox.flush()
    const loaded = { texts: outbox.texts, lines: outbox.lines, isWhole: failure === undefined }
    return failure === undefined ? loaded : { ...loaded, failure }
  }

  async #addTo(outbox: Outbox, object: BulkObject, item: TextItem, onProblem: LoadOptions['onProblem']): Promise<void> {
    const record = this.#toRecord(object, item)
    if (isValenceError(record)) onProblem(item.line, record)
    await outbox.add(item.line, isValenceError(record) ? undefined : record)
  }

  #toRecord({ fingerprint }: BulkObject, { line, fields, error }: TextItem): OutgoingRecord | ValenceError {
    if (error) return error
    const { topic, key: keyField } = this.#options
    const keyText = keyField === undefined ? undefined : fieldText(fields, keyField)
    const key = keyText === undefined ? null : Buffer.from(keyText)
    try {
      const value = this.#encode(toEvent(fields, `${fingerprint}-${line}`))
      return {
        topic,
        partition: this.#partitionOf(key, line),
        key,
        value,
        headers: [recordHeader(jobHeader, fingerprint)],
      }
    } catch (cause) {
      if (isValenceError(cause) && cause.deadLetter) return cause
      throw cause
    }
  }
}

/** The items of an object. A read error is yielded as the last value; errors of the consumer are not caught. */
async function* readObject(
  object: BulkObject,
  { format, key }: Pick<TextLoaderOptions, 'format' | 'key'>,
): AsyncGenerator<readonly TextItem[] | ValenceError, void> {
  try {
    const file = { chunks: await object.open(), totalBytes: object.bytes }
    yield* readItems(object.uri, file, format, key)
  } catch (cause) {
    yield isValenceError(cause) ? cause : new ValenceError('VAL_FILE_UNREADABLE', undefined, { cause })
  }
}

function toEvent(fields: TextFields, fallbackId: string): TextEventInput {
  const { text, occurredAt, source, lang, attributes } = fields
  return { text, id: fieldText(fields, 'id') ?? fallbackId, occurredAt, source, lang, attributes } as TextEventInput
}

/** Batches the lines of one object into transactions. Lines that earlier runs have sent are counted and skipped. */
class Outbox {
  readonly #session: SettlingSession
  readonly #onProblem: LoadOptions['onProblem']
  #published: bigint
  #waiting: (SettledRecord & { readonly line: number })[] = []
  #texts = 0
  lines = 0n

  constructor(session: SettlingSession, published: bigint, onProblem: LoadOptions['onProblem']) {
    this.#session = session
    this.#published = published
    this.#onProblem = onProblem
  }

  /** Texts that were sent or are queued; refused ones are not counted. */
  get texts(): number {
    return this.#texts - this.#session.refused
  }

  /** @param record undefined if the line is not a valid text */
  async add(line: number, record: OutgoingRecord | undefined): Promise<void> {
    this.lines += 1n
    if (record) this.#texts += 1
    if (this.lines <= this.#published) return
    if (record) this.#waiting.push({ record, nextOffset: this.lines, line })
    if (this.lines - this.#published >= linesPerTransaction) await this.flush()
  }

  async flush(): Promise<void> {
    if (this.lines <= this.#published) return
    await this.#session.publish(this.#waiting, this.lines, ({ line }, error) => this.#onProblem(line, error))
    this.#published = this.lines
    this.#waiting = []
  }
}
