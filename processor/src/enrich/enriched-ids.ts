import {
  isValenceError,
  type SchemaId,
  type SchemaRegistry,
  ValenceError,
  valueSubject,
  type WriterSchema,
} from '@valence/schemas'
import { isDescriptor } from '@valence/schemas/protobuf'
import { type DerivedSchema, deriveAvroSchema } from './derive-avro.ts'
import { deriveDescriptor } from './derive-descriptor.ts'
import { deriveJsonSchema } from './derive-json-schema.ts'
import { deriveProtobufSchema, type ProtobufField } from './derive-protobuf.ts'

/** How the subject of a schema is named: by the topic, by the record, or by both. */
export type SubjectStrategy = 'topic' | 'record' | 'topic-record'

export interface EnrichedIdsOptions {
  readonly registry: Pick<SchemaRegistry, 'writerSchema' | 'registerText'>
  readonly outputTopic: string
  readonly strategy: SubjectStrategy
  readonly field: ProtobufField
}

/**
 * The ids of the derived schemas. Each is registered once in the life of a process: a registry never reuses an id, so
 * nothing expires, and there are as many as schemas in use.
 */
export class EnrichedIds {
  readonly #options: EnrichedIdsOptions
  readonly #writers = new OnceEach<SchemaId, WriterSchema>()
  readonly #ids = new OnceEach<string, number>()

  constructor(options: EnrichedIdsOptions) {
    this.#options = options
  }

  /** The schema that a record was written with. @throws like `SchemaRegistry.writerSchema` */
  writer(id: SchemaId): WriterSchema | Promise<WriterSchema> {
    return this.#writers.get(id, () => this.#options.registry.writerSchema(id))
  }

  /**
   * The id of the schema derived from a writer's; registers it when it is asked for first.
   * @param indexes the place of a Protobuf message in its file
   * @throws VAL_ENRICH_FIELD_TAKEN, VAL_ENRICH_RECORD_REFUSED, VAL_ENRICH_SCHEMA_REFUSED, VAL_REGISTRY_UNAVAILABLE
   */
  derived(id: SchemaId, writer: WriterSchema, indexes: readonly number[]): number | Promise<number> {
    return this.#ids.get(`${id} ${indexes.join('.')}`, () => this.#register(writer, indexes))
  }

  async #register(writer: WriterSchema, indexes: readonly number[]): Promise<number> {
    const { registry } = this.#options
    const derived = derive(writer, indexes, this.#options.field)
    const subject = this.#subjectOf(derived)
    try {
      return await registry.registerText(subject, { type: writer.type, text: derived.text, pointers: writer.pointers })
    } catch (error) {
      if (!isValenceError(error) || error.code !== 'VAL_SCHEMA_INCOMPATIBLE') throw error
      throw new ValenceError('VAL_ENRICH_SCHEMA_REFUSED', error.detail, { cause: error })
    }
  }

  #subjectOf({ fullName }: DerivedSchema): string {
    const { strategy, outputTopic } = this.#options
    if (strategy === 'topic') return valueSubject(outputTopic)
    if (fullName === undefined) {
      throw new ValenceError('VAL_ENRICH_RECORD_REFUSED', 'its JSON Schema has no title to name the subject by')
    }
    return strategy === 'record' ? fullName : `${outputTopic}-${fullName}`
  }
}

function derive(
  { type, text, references }: WriterSchema,
  indexes: readonly number[],
  field: ProtobufField,
): DerivedSchema {
  if (type === 'PROTOBUF') return (isDescriptor(text) ? deriveDescriptor : deriveProtobufSchema)(text, indexes, field)
  if (type === 'JSON') return deriveJsonSchema(text, field.name)
  const texts = references.map((reference) => reference.text)
  return deriveAvroSchema(text, texts, field.name)
}

/** Values that are made once; who asks meanwhile waits for the same, and a failure is made again. */
class OnceEach<K, V> {
  readonly #made = new Map<K, V>()
  readonly #making = new Map<K, Promise<V>>()

  get(key: K, make: () => Promise<V>): V | Promise<V> {
    return this.#made.get(key) ?? this.#making.get(key) ?? this.#make(key, make)
  }

  #make(key: K, make: () => Promise<V>): Promise<V> {
    const making = make()
      .then((value) => {
        this.#made.set(key, value)
        return value
      })
      .finally(() => this.#making.delete(key))
    this.#making.set(key, making)
    return making
  }
}
