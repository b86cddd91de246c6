import { embeddedSchemas } from '../embedded-schemas.ts'
import { ValenceError } from '../errors.ts'
import type { TextFields } from '../fields/text-fields.ts'
import type { RecordKind } from '../record-kind.ts'
import type { FeedbackEvent } from '../records/feedback-event.ts'
import type { ScoredEvent } from '../records/scored-event.ts'
import type { TextEvent } from '../records/text-event.ts'
import type { SchemaId } from '../schema-id.ts'
import { defaultTopics, valueSubject } from '../topics.ts'
import { createDecoderCache, type DecoderCache } from './decoder-cache.ts'
import { fetchForeignSchemas } from './foreign-schema.ts'
import {
  createTextFieldsReader,
  feedbackEventReader,
  scoredEventReader,
  textEventReader,
  valueReader,
} from './record-reader.ts'
import {
  createRegistryApi,
  type RegistryAnswer,
  type RegistryTls,
  unavailable,
  withoutCredentials,
} from './registry-api.ts'
import { createRegistryGet } from './registry-get.ts'
import { describeAnswer, fetchWriterSchema, isNotFound, type WriterSchema } from './writer-schema.ts'

export interface SchemaRegistryOptions {
  /** Base URL of the Confluent-compatible API, its path included (Apicurio: `…/apis/ccompat/v7`). */
  readonly url: string
  readonly auth?: { readonly username: string; readonly password: string } | undefined
  /** Asked for each request; they go before `auth`: `{ authorization: 'Bearer …' }`, names of a cluster and a pool. */
  readonly headers?: (() => Promise<Readonly<Record<string, string>>>) | undefined
  /** For an `https:` URL: an authority of your own, a client certificate. */
  readonly tls?: RegistryTls | undefined
  /** Where texts are read from records of any shape. @default records are TextEvents */
  readonly textFields?: TextFields | undefined
  /** Timeout of one call, including retries. @default 3000 */
  readonly timeoutMs?: number
  /** Time that the failure of a schema id is cached. @default 30000 */
  readonly negativeTtlMs?: number
  /** Time that an unknown schema id can be new; the error is VAL_SCHEMA_NOT_YET_KNOWN meanwhile. @default 10000 */
  readonly youngIdMs?: number
  readonly clock?: { now(): number }
}

/** A schema to register: its type, its text, and where the schemas are that it refers to. */
export interface SchemaText extends Pick<WriterSchema, 'type' | 'text'> {
  readonly pointers?: WriterSchema['pointers'] | undefined
}

/** Formats in which a schema can be registered. */
export type SchemaFormat = 'avro' | 'json'

/**
 * The schema registry: decoders by schema id (of text events, and of the kinds below) and registration of schemas.
 * Every method throws VAL_REGISTRY_UNAVAILABLE without a valid response within the timeout.
 */
export interface SchemaRegistry extends DecoderCache<TextEvent> {
  /** Decoders of scored events. */
  readonly scores: DecoderCache<ScoredEvent>
  /** Decoders of feedback events. */
  readonly feedback: DecoderCache<FeedbackEvent>
  /** Decoders of any record, to the value that the writer's schema describes. */
  readonly values: DecoderCache<unknown>
  /** Registers the Avro schemas of the values of both topics and returns their ids; idempotent. Throws VAL_SCHEMA_INCOMPATIBLE. */
  register(topics?: { readonly texts: string; readonly scores: string }): Promise<{
    readonly textEvent: number
    readonly scoredEvent: number
  }>
  /** Registers one schema and returns its id; idempotent. Throws VAL_SCHEMA_INCOMPATIBLE. */
  registerFor(subject: string, kind: RecordKind, format?: SchemaFormat): Promise<number>
  /** Registers a schema given as text, like `registerFor`. */
  registerText(subject: string, schema: SchemaText): Promise<number>
  /** The schema that a record was written with. Throws VAL_SCHEMA_UNKNOWN_ID, VAL_SCHEMA_ID_UNRESOLVABLE, VAL_SCHEMA_MISMATCH. */
  writerSchema(id: SchemaId): Promise<WriterSchema>
  /** Resolves if the registry answers. */
  ping(): Promise<void>
}

export function createSchemaRegistry(options: SchemaRegistryOptions): SchemaRegistry {
  const { url, textFields, timeoutMs = 3_000, negativeTtlMs = 30_000, youngIdMs = 10_000, clock = Date } = options
  const api = createRegistryApi({ ...options, timeoutMs })
  const foreign = {
    api,
    get: createRegistryGet({ ...options, timeoutMs }),
    base: withoutCredentials(url).replace(/\/+$/, ''),
  }
  const fetchSchemas = async (id: SchemaId) =>
    typeof id === 'number' ? [await fetchWriterSchema(api, id)] : fetchForeignSchemas(foreign, id)
  const caching = { fetchSchemas, negativeTtlMs, youngIdMs, now: () => clock.now() }

  async function registerText(subject: string, schema: SchemaText): Promise<number> {
    const params = { subject, body: schemaBody(schema) }
    const known = await api((client) => client.Subject.registered, params)
    if (!isNotFound(known)) return readId(known, subject)
    await ensureCompatibility(subject)
    return readId(await api((client) => client.Subject.register, params), subject)
  }

  /** Sets BACKWARD compatibility if the registry has neither a level of the subject nor a global one. Existing levels are kept. */
  async function ensureCompatibility(subject: string): Promise<void> {
    const config = await api((client) => client.Subject.config, { subject, defaultToGlobal: true })
    if (config.status === 200) return
    if (config.status !== 404) throw unavailable(`compatibility of ${subject}: ${describeAnswer(config)}`)
    const update = await api((client) => client.Subject.updateConfig, { subject, body: { compatibility: 'BACKWARD' } })
    // 409: a concurrent registration has set it.
    if (update.status !== 200 && update.status !== 409)
      throw unavailable(`compatibility of ${subject}: ${describeAnswer(update)}`)
  }

  function registerFor(subject: string, kind: RecordKind, format: SchemaFormat = 'avro'): Promise<number> {
    return registerText(subject, {
      type: format === 'avro' ? 'AVRO' : 'JSON',
      text: JSON.stringify(embeddedSchemas[kind][format]),
    })
  }

  async function writerSchema(id: SchemaId): Promise<WriterSchema> {
    const [schema, ...others] = await fetchSchemas(id)
    if (schema !== undefined && others.every(({ text }) => text === schema.text)) return schema
    throw new ValenceError('VAL_SCHEMA_ID_UNRESOLVABLE', `${id}: two schemas have it`)
  }

  return {
    ...createDecoderCache({ ...caching, reader: textFields ? createTextFieldsReader(textFields) : textEventReader }),
    scores: createDecoderCache({ ...caching, reader: scoredEventReader }),
    feedback: createDecoderCache({ ...caching, reader: feedbackEventReader }),
    values: createDecoderCache({ ...caching, reader: valueReader }),
    registerFor,
    registerText,
    writerSchema,
    async register(topics = defaultTopics) {
      const textEvent = await registerFor(valueSubject(topics.texts), 'text-event')
      const scoredEvent = await registerFor(valueSubject(topics.scores), 'scored-event')
      return { textEvent, scoredEvent }
    },
    async ping() {
      // The prefix keeps the response small.
      const answer = await api((client) => client.Subject.all, { subjectPrefix: defaultTopics.texts })
      if (answer.status !== 200 || !Array.isArray(answer.body)) throw unavailable(describeAnswer(answer))
    },
  }
}

function schemaBody({ type, text, pointers = [] }: SchemaText): object {
  // `schemaType` is left out for Avro: the first API version does not know it, and Avro is the default.
  return {
    schema: text,
    ...(type === 'AVRO' ? {} : { schemaType: type }),
    ...(pointers.length === 0 ? {} : { references: pointers }),
  }
}

function readId(answer: RegistryAnswer, subject: string): number {
  if (answer.status === 409 || answer.status === 422) {
    throw new ValenceError('VAL_SCHEMA_INCOMPATIBLE', `${subject}: ${describeAnswer(answer)}`)
  }
  const id = (answer.body as { id?: unknown } | null)?.id
  if (answer.status !== 200 || typeof id !== 'number') throw unavailable(`${subject}: ${describeAnswer(answer)}`)
  return id
}
