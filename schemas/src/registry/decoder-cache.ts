import { isValenceError, ValenceError } from '../errors.ts'
import type { SchemaId } from '../schema-id.ts'
import { compileDecoder } from './record-decoder.ts'
import type { RecordDecoder, RecordReader } from './record-reader.ts'
import type { WriterSchema } from './writer-schema.ts'
import { YoungIds } from './young-ids.ts'

/** Decoders by schema id. */
export interface DecoderCache<T> {
  /** The decoder if it is cached; else undefined, and `load` fetches it. */
  cached(id: SchemaId): RecordDecoder<T> | undefined
  /**
   * Fetches and compiles the decoder. Throws VAL_SCHEMA_NOT_YET_KNOWN while an unknown id can be new, afterwards
   * VAL_SCHEMA_UNKNOWN_ID; or VAL_SCHEMA_ID_UNRESOLVABLE or VAL_SCHEMA_MISMATCH. The last three are cached for
   * `negativeTtlMs`. Throws VAL_REGISTRY_UNAVAILABLE, which is not cached.
   */
  load(id: SchemaId): Promise<RecordDecoder<T>>
}

export interface DecoderCacheOptions<T> {
  readonly reader: RecordReader<T>
  /** Several schemas if the id is ambiguous. */
  readonly fetchSchemas: (id: SchemaId) => Promise<readonly WriterSchema[]>
  readonly negativeTtlMs: number
  readonly youngIdMs: number
  readonly now: () => number
}

/** Maximum cached refusals; the oldest are evicted. Damaged records can have any id. */
const maxRefusals = 10_000

export function createDecoderCache<T>({
  reader,
  fetchSchemas,
  negativeTtlMs,
  youngIdMs,
  now,
}: DecoderCacheOptions<T>): DecoderCache<T> {
  // A registry never reuses an id, so decoders do not expire. Their number is that of the schemas in use.
  const decoders = new Map<SchemaId, RecordDecoder<T>>()
  const refusals = new Map<SchemaId, { readonly error: ValenceError; readonly until: number }>()
  const loading = new Map<SchemaId, Promise<RecordDecoder<T>>>()
  const youngIds = new YoungIds({ youngIdMs, maxIds: maxRefusals })

  async function fetchDecoder(id: SchemaId): Promise<RecordDecoder<T>> {
    try {
      const decoder = await compileFitting(id, await fetchSchemas(id), reader)
      decoders.set(id, decoder)
      youngIds.forget(id)
      return decoder
    } catch (error) {
      if (!isValenceError(error) || !error.deadLetter) throw error
      // An id that was refused before is not new any more, and registries assign no id below 1.
      const isUnknown = error.code === 'VAL_SCHEMA_UNKNOWN_ID' && !refusals.has(id) && !(Number(id) <= 0)
      if (isUnknown && youngIds.mayCome(id, now())) throw new ValenceError('VAL_SCHEMA_NOT_YET_KNOWN', error.detail)
      refuse(id, error)
      throw error
    } finally {
      loading.delete(id)
    }
  }

  function refuse(id: SchemaId, error: ValenceError): void {
    refusals.delete(id)
    refusals.set(id, { error, until: now() + negativeTtlMs })
    if (refusals.size <= maxRefusals) return
    for (const oldest of refusals.keys()) {
      refusals.delete(oldest)
      break
    }
  }

  return {
    cached: (id) => decoders.get(id),
    async load(id) {
      const decoder = decoders.get(id)
      if (decoder) return decoder
      const refusal = refusals.get(id)
      if (refusal && now() < refusal.until) throw refusal.error
      let pending = loading.get(id)
      if (!pending) {
        pending = fetchDecoder(id)
        loading.set(id, pending)
      }
      return pending
    },
  }
}

/** The decoder of the only schema that fits. Throws VAL_SCHEMA_ID_UNRESOLVABLE if two of an ambiguous id fit. */
async function compileFitting<T>(
  id: SchemaId,
  schemas: readonly WriterSchema[],
  reader: RecordReader<T>,
): Promise<RecordDecoder<T>> {
  const distinct = schemas.filter(({ text }, index) => schemas.findIndex((other) => other.text === text) === index)
  const compiled = await Promise.allSettled(distinct.map((schema) => compileDecoder(schema, reader)))
  const decoders = compiled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  if (decoders.length > 1) {
    throw new ValenceError('VAL_SCHEMA_ID_UNRESOLVABLE', `${id}: two schemas have it, and both fit`)
  }
  if (decoders[0] !== undefined) return decoders[0]
  const refused = compiled.find((outcome) => outcome.status === 'rejected')
  throw refused?.reason
}
