import { ValenceError } from '../errors.ts'
import { type RegistryAnswer, type RegistryApi, unavailable } from './registry-api.ts'

/** A registered schema of a writer. */
export interface WriterSchema {
  /** AVRO, JSON or PROTOBUF. */
  readonly type: string
  /** The schema as text. */
  readonly text: string
  /** The schemas that it refers to, each after its own references. */
  readonly references: readonly SchemaReference[]
  /** Where the schemas that it refers to itself are registered; none where the registry has put them into the text. */
  readonly pointers?: readonly ReferencePointer[]
}

interface SchemaReference {
  readonly name: string
  readonly text: string
}

/** Error codes of the registry for a missing subject, version or schema. */
const notFoundCodes: ReadonlySet<unknown> = new Set([40401, 40402, 40403])

/**
 * Fetches the schema of an id. Throws VAL_SCHEMA_UNKNOWN_ID only for a 404 with the registry's own error code. A 404 of a
 * proxy, and any other failure, is VAL_REGISTRY_UNAVAILABLE.
 */
export async function fetchWriterSchema(api: RegistryApi, id: number): Promise<WriterSchema> {
  // Registries assign ids from 1. Other ids come from bytes that only look like the wire format.
  if (id <= 0) throw new ValenceError('VAL_SCHEMA_UNKNOWN_ID', `id ${id}`)
  const answer = await api((client) => client.Schema.find, { id })
  if (isNotFound(answer)) throw new ValenceError('VAL_SCHEMA_UNKNOWN_ID', `id ${id}`)
  return readWriterSchema(api, answer, `schema ${id}`)
}

/** Reads the schema in a response and fetches its references. Throws VAL_REGISTRY_UNAVAILABLE if there is none. */
export async function readWriterSchema(api: RegistryApi, answer: RegistryAnswer, what: string): Promise<WriterSchema> {
  const { text, type, references } = readSchema(answer, what)
  return { type, text, references: await fetchReferences(api, references, new Set()), pointers: references }
}

export function isNotFound({ status, body }: RegistryAnswer): boolean {
  return status === 404 && notFoundCodes.has((body as { error_code?: unknown } | null)?.error_code)
}

/** Status, URL and message of a response in one line, for the detail of an error. */
export function describeAnswer({ place, status, body }: RegistryAnswer): string {
  const message = (body as { message?: unknown } | null)?.message
  return `HTTP ${status} from ${place}${typeof message === 'string' ? `, ${message.slice(0, 500)}` : ''}`
}

/** The version of a subject that a schema refers to by a name. */
export interface ReferencePointer {
  readonly name: string
  readonly subject: string
  readonly version: number
}

async function fetchReferences(
  api: RegistryApi,
  pointers: readonly ReferencePointer[],
  seen: Set<string>,
): Promise<SchemaReference[]> {
  const found: SchemaReference[] = []
  for (const { name, subject, version } of pointers) {
    const key = JSON.stringify([name, subject, version])
    if (seen.has(key)) continue
    seen.add(key)
    const answer = await api((client) => client.Subject.version, { subject, version })
    if (isNotFound(answer)) throw new ValenceError('VAL_SCHEMA_MISMATCH', `its reference ${name} is not registered`)
    const { text, references } = readSchema(answer, `reference ${name}`)
    found.push(...(await fetchReferences(api, references, seen)), { name, text })
  }
  return found
}

interface SchemaBody {
  readonly text: string
  readonly type: string
  readonly references: readonly ReferencePointer[]
}

/** Throws VAL_REGISTRY_UNAVAILABLE for a response without a schema, such as a proxy's page with status 200. */
function readSchema(answer: RegistryAnswer, what: string): SchemaBody {
  const body = answer.body as { schema?: unknown; schemaType?: unknown; references?: unknown } | null
  if (answer.status !== 200 || typeof body?.schema !== 'string') {
    throw unavailable(`${what}: ${describeAnswer(answer)}${answer.status === 200 ? ' without a schema' : ''}`)
  }
  return {
    text: body.schema,
    type: typeof body.schemaType === 'string' ? body.schemaType : 'AVRO',
    references: Array.isArray(body.references) ? body.references : [],
  }
}
