import { isValenceError, ValenceError } from '../errors.ts'
import type { SchemaId } from '../schema-id.ts'
import { type RegistryApi, unavailable } from './registry-api.ts'
import type { RawAnswer, RegistryGet } from './registry-get.ts'
import { describeAnswer, isNotFound, readWriterSchema, type WriterSchema } from './writer-schema.ts'

type ForeignId = Exclude<SchemaId, number>

export interface ForeignSchemaSource {
  readonly api: RegistryApi
  readonly get: RegistryGet
  /** Base URL of the Confluent-compatible API, without credentials. */
  readonly base: string
}

/**
 * Fetches the schemas of an id that is not a Confluent number: one, or up to two for Apicurio's ambiguous 8-byte ids.
 * Throws VAL_SCHEMA_UNKNOWN_ID if the registry has none, VAL_SCHEMA_ID_UNRESOLVABLE if it does not support such ids,
 * VAL_REGISTRY_UNAVAILABLE for other failures.
 */
export async function fetchForeignSchemas(source: ForeignSchemaSource, id: ForeignId): Promise<WriterSchema[]> {
  if (id.startsWith('guid ')) return [await fetchByGuid(source, id)]
  const value = id.slice(id.lastIndexOf(' ') + 1)
  if (id.startsWith('globalId ')) return [await fetchByGlobalId(source, value)]
  if (id.startsWith('contentId or ')) return fetchEither(source, value)
  return [await fetchByContentId(source, value)]
}

async function fetchByGuid(source: ForeignSchemaSource, id: ForeignId): Promise<WriterSchema> {
  const answer = await source.get(`${source.base}/schemas/guids/${id.slice('guid '.length)}`)
  if (isNotFound(answer)) throw unknown(id)
  if (answer.status === 404) throw await unresolvable(source, 'the registry knows no GUIDs')
  return readWriterSchema(source.api, answer, id)
}

async function fetchByGlobalId(source: ForeignSchemaSource, value: string): Promise<WriterSchema> {
  const path = `/ids/globalIds/${value}?references=DEREFERENCE&returnArtifactType=true`
  const answer = await getApicurio(source, path)
  if (answer === undefined) throw unknown(`globalId ${value}`)
  if (answer.artifactType === undefined) throw unavailable(`${describeAnswer(answer)} without the type of the schema`)
  return { type: answer.artifactType, text: answer.text, references: [] }
}

/** Fetches any version with this content: only a version has the type and resolves the references. */
async function fetchByContentId(source: ForeignSchemaSource, value: string): Promise<WriterSchema> {
  const answer = await getApicurio(source, `/search/versions?contentId=${value}&limit=1`)
  const { versions } = (answer?.body ?? {}) as { versions?: readonly { globalId?: unknown }[] }
  if (answer === undefined || !Array.isArray(versions)) throw unavailable(`contentId ${value}: no list of versions`)
  if (versions[0] === undefined) throw unknown(`contentId ${value}`)
  return fetchByGlobalId(source, String(versions[0].globalId))
}

async function fetchEither(source: ForeignSchemaSource, value: string): Promise<WriterSchema[]> {
  const found = await Promise.all(
    [fetchByContentId(source, value), fetchByGlobalId(source, value)].map((schema) => schema.catch(unlessUnknown)),
  )
  const schemas = found.filter((schema) => schema !== undefined)
  if (schemas.length === 0) throw unknown(`contentId or globalId ${value}`)
  return schemas
}

function unlessUnknown(error: unknown): undefined {
  if (isValenceError(error) && error.code === 'VAL_SCHEMA_UNKNOWN_ID') return undefined
  throw error
}

const apicurioPath = /\/apis\/ccompat\/v\d+$/

/** Calls Apicurio's own API, which is next to its Confluent-compatible one; undefined if it does not have the id. */
async function getApicurio(source: ForeignSchemaSource, path: string): Promise<RawAnswer | undefined> {
  if (!apicurioPath.test(source.base))
    throw await unresolvable(source, 'the URL of the registry is not one of Apicurio')
  const answer = await source.get(source.base.replace(apicurioPath, '/apis/registry/v3') + path)
  if (answer.status === 200) return answer
  const { name } = (answer.body ?? {}) as { name?: unknown }
  if (answer.status === 404 && /^(Version|Content|Artifact)NotFoundException$/.test(String(name))) return undefined
  if (answer.status === 404) throw await unresolvable(source, 'the registry has no API of version 3')
  throw unavailable(describeAnswer(answer))
}

function unknown(id: string): ValenceError {
  return new ValenceError('VAL_SCHEMA_UNKNOWN_ID', id)
}

/** VAL_SCHEMA_ID_UNRESOLVABLE if the registry answers another request, else VAL_REGISTRY_UNAVAILABLE: a broken one may support such ids. */
async function unresolvable({ api }: ForeignSchemaSource, why: string): Promise<ValenceError> {
  const answer = await api((client) => client.Subject.all, { subjectPrefix: 'no-such-subject' })
  if (answer.status !== 200 || !Array.isArray(answer.body)) return unavailable(describeAnswer(answer))
  return new ValenceError('VAL_SCHEMA_ID_UNRESOLVABLE', why)
}
