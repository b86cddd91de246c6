import { basicAuthorization, plainUrl, ValenceError } from '@valence/schemas'
import type { Config } from '../../config/config.ts'
import type { BackupManifest, SchemaVersion } from './backup-manifest.ts'

type Call = (method: string, path: string, body?: unknown) => Promise<{ status: number; body: unknown }>

/** Client of the Confluent API of the registry; undefined if no registry is configured. */
function registryCalls(config: Config): Call | undefined {
  const { schemaRegistryUrl, schemaRegistryUsername: user, schemaRegistryPassword: password } = config
  if (schemaRegistryUrl === undefined) return undefined
  const { url, headers: own } = plainUrl(schemaRegistryUrl)
  const headers = {
    'content-type': 'application/vnd.schemaregistry.v1+json',
    ...(user && password ? { authorization: basicAuthorization(user, password) } : own),
  }
  return async (method, path, body) => {
    const request = { method, headers, signal: AbortSignal.timeout(10_000) }
    try {
      const response = await fetch(`${url.replace(/\/+$/, '')}${path}`, {
        ...request,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
    } catch (cause) {
      throw new ValenceError('VAL_REGISTRY_UNAVAILABLE', `${method} ${path}`, { cause })
    }
  }
}

async function mustAnswer(call: Call, method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await call(method, path, body)
  if (answer.status >= 300) {
    throw new ValenceError('VAL_REGISTRY_UNAVAILABLE', `${method} ${path} answers ${answer.status}`)
  }
  return answer.body
}

const pathOf = (subject: string) => `/subjects/${encodeURIComponent(subject)}/versions`

/** Page size. Default of Apicurio: 1,000. Maximum of Confluent: 20,000. */
const pageSubjects = 10_000

/** All subjects. A registry without paging returns all of them again for the second request, which ends the loop. */
async function readSubjects(call: Call): Promise<string[]> {
  const found = new Set<string>()
  for (let before = -1; found.size > before; ) {
    before = found.size
    const page = await mustAnswer(call, 'GET', `/subjects?offset=${before}&limit=${pageSubjects}`)
    for (const subject of page as string[]) found.add(subject)
  }
  return [...found]
}

/** All versions of all subjects, and the compatibility levels of subjects. @throws VAL_REGISTRY_UNAVAILABLE */
export async function readSchemas(config: Config): Promise<Pick<BackupManifest, 'schemas' | 'compatibility'>> {
  const call = registryCalls(config)
  const schemas: SchemaVersion[] = []
  const compatibility = new Map<string, string>()
  if (call === undefined) return { schemas, compatibility: {} }
  for (const subject of await readSubjects(call)) {
    for (const version of (await mustAnswer(call, 'GET', pathOf(subject))) as number[]) {
      schemas.push((await mustAnswer(call, 'GET', `${pathOf(subject)}/${version}`)) as SchemaVersion)
    }
    const level = await call('GET', `/config/${encodeURIComponent(subject)}`)
    const { compatibilityLevel } = (level.body ?? {}) as { compatibilityLevel?: string }
    if (level.status < 300 && compatibilityLevel) compatibility.set(subject, compatibilityLevel)
  }
  return { schemas, compatibility: Object.fromEntries(compatibility) }
}

/**
 * Registers the schemas under their original ids, because records contain the ids. In import mode the ids are sent.
 * A registry without it assigns ascending ids: schemas are registered in that order, and each id is checked.
 * @throws VAL_BACKUP_INVALID
 */
export async function restoreSchemas(
  config: Config,
  { schemas, compatibility }: Pick<BackupManifest, 'schemas' | 'compatibility'>,
): Promise<number> {
  const call = registryCalls(config)
  if (call === undefined || schemas.length === 0) return 0
  const isImporting = (await call('PUT', '/mode?force=true', { mode: 'IMPORT' })).status < 300
  try {
    for (const own of schemas.toSorted((a, b) => a.id - b.id || a.version - b.version)) {
      const { subject, version, id, schema, schemaType, references } = own
      const body = { schema, schemaType, references, ...(isImporting ? { id, version } : {}) }
      const { id: given } = (await mustAnswer(call, 'POST', pathOf(subject), body)) as { id: number }
      if (given === id) continue
      const detail = `${subject} has the schema id ${given} now, records carry ${id}: restore into an empty registry`
      throw new ValenceError('VAL_BACKUP_INVALID', detail)
    }
  } finally {
    if (isImporting) await call('PUT', '/mode?force=true', { mode: 'READWRITE' })
  }
  for (const [subject, level] of Object.entries(compatibility)) {
    await mustAnswer(call, 'PUT', `/config/${encodeURIComponent(subject)}`, { compatibility: level })
  }
  return schemas.length
}
