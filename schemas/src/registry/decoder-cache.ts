import { isValenceError, type ValenceError } from '../errors.ts'
import { compileDecoder } from './record-decoder.ts'
import type { RecordDecoder, RecordReader } from './record-reader.ts'
import type { WriterSchema } from './writer-schema.ts'

/** Decoders by schema id. */
export interface DecoderCache<T> {
  /** The decoder if it is known now, else undefined: await `load` then. */
  cached(id: number): RecordDecoder<T> | undefined
  /**
   * Throws VAL_SCHEMA_UNKNOWN_ID or VAL_SCHEMA_MISMATCH, both remembered for a while, or VAL_REGISTRY_UNAVAILABLE,
   * never remembered.
   */
  load(id: number): Promise<RecordDecoder<T>>
}

export interface DecoderCacheOptions<T> {
  readonly reader: RecordReader<T>
  readonly fetchSchema: (id: number) => Promise<WriterSchema>
  readonly negativeTtlMs: number
  readonly now: () => number
}

/** Damaged records can carry any id; more refusals than this push the oldest out. */
const maxRefusals = 10_000

export function createDecoderCache<T>({
  reader,
  fetchSchema,
  negativeTtlMs,
  now,
}: DecoderCacheOptions<T>): DecoderCache<T> {
  // Ids are never given to another schema, so decoders are kept for good; there are as many as schemas in use.
  const decoders = new Map<number, RecordDecoder<T>>()
  const refusals = new Map<number, { readonly error: ValenceError; readonly until: number }>()
  const loading = new Map<number, Promise<RecordDecoder<T>>>()

  async function fetchDecoder(id: number): Promise<RecordDecoder<T>> {
    try {
      const decoder = await compileDecoder(await fetchSchema(id), reader)
      decoders.set(id, decoder)
      return decoder
    } catch (error) {
      if (isValenceError(error) && error.deadLetter) refuse(id, error)
      throw error
    } finally {
      loading.delete(id)
    }
  }

  function refuse(id: number, error: ValenceError): void {
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
