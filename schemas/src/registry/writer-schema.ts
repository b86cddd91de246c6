import { ValenceError } from '../errors.ts'
import { type RegistryAnswer, type RegistryApi, unavailable } from './registry-api.ts'

/** A schema as its writer registered it. */
export interface WriterSchema {
  /** AVRO, JSON or PROTOBUF. */
  readonly type: string
  /** The schema as text. */
  readonly text: string
  /** The schemas that it names, each after those that it names itself. */
  readonly references: readonly SchemaReference[]
}

interface SchemaReference {
  readonly name: string
  readonly text: string
}

/** The registry's codes for an id, a subject or a version that it does not have. */
const notFoundCodes: ReadonlySet<unknown> = new Set([40401, 40402, 40403])

/**
 * The schema of an id. Throws VAL_SCHEMA_UNKNOWN_ID only where the registry itself says that it has none: a 404 of
 * something else on the way is VAL_REGISTRY_UNAVAILABLE, as is any other failure.
 */
export async function fetchWriterSchema(api: RegistryApi, id: number): Promise<WriterSchema> {
  // No registry gives out such ids; bytes that look like the wire format do.
  if (id <= 0) throw new ValenceError('VAL_SCHEMA_UNKNOWN_ID', `id ${id}`)
  const answer = await api((client) => client.Schema.find, { id })
  if (isNotFound(answer)) throw new ValenceError('VAL_SCHEMA_UNKNOWN_ID', `id ${id}`)
  return readWriterSchema(api, answer, `schema ${id}`)
}

/** The schema in an answer, with what it refers to. Throws VAL_REGISTRY_UNAVAILABLE where there is none. */
export async function readWriterSchema(api: RegistryApi, answer: RegistryAnswer, what: string): Promise<WriterSchema> {
  const { text, type, references } = readSchema(answer, what)
  return { type, text, references: await fetchReferences(api, references, new Set()) }
}

export function isNotFound({ status, body }: RegistryAnswer): boolean {
  return status === 404 && notFoundCodes.has((body as { error_code?: unknown } | null)?.error_code)
}

/** The registry's refusal in one line, for an error's detail. */
export function describeAnswer({ place, status, body }: RegistryAnswer): string {
  const message = (body as { message?: unknown } | null)?.message
  return `HTTP ${status} from ${place}${typeof message === 'string' ? `, ${message.slice(0, 500)}` : ''}`
}

interface ReferencePointer {
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

/** A proxy's page with status 200 is no schema: it must not condemn the record. */
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
