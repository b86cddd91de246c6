import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { compile, type JSONSchema } from 'json-schema-to-typescript'
import { readConfig } from '../src/config/config.ts'
import { createOpenAuthenticator } from '../src/http/auth/authenticator.ts'
import { createFacadeScorer } from '../src/http/facade-scorer.ts'
import { createHttpApp } from '../src/http/http-server.ts'
import { Admission } from '../src/http/limits/admission.ts'
import { unlimited } from '../src/http/limits/rate-limits.ts'
import { silentLogger } from '../src/observability/logger.ts'
import { createMetrics } from '../src/observability/metrics.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const biome = fileURLToPath(new URL('../../node_modules/.bin/biome', import.meta.url))

/** The schemas that the client of the SDK uses. */
const spoken = ['TextRequest', 'ScoredEvent', 'BatchRequest', 'BatchResponse', 'AcceptedText', 'Problem']

function notAsked(): never {
  throw new Error('no text is scored for a document')
}

/** The OpenAPI document of the HTTP service, from its routes; nothing listens. */
async function openApiDocument(): Promise<unknown> {
  const metrics = createMetrics()
  const admission = new Admission({ maxTexts: 1 })
  const app = await createHttpApp({
    config: readConfig({ VALENCE_AUTH_MODE: 'none' }),
    logger: silentLogger,
    metrics,
    version: '0.0.0',
    scorer: createFacadeScorer({ scorer: { score: notAsked, scoreAll: notAsked }, admission }),
    admission,
    model: notAsked,
    authenticator: createOpenAuthenticator(),
    limiters: { address: unlimited, subject: unlimited },
    isReady: () => true,
  })
  try {
    return (await app.inject('/openapi.json')).json()
  } finally {
    await app.close()
  }
}

/** Every schema of the document that has a title, by that title. */
function titled(node: unknown, found = new Map<string, JSONSchema>()): Map<string, JSONSchema> {
  if (typeof node !== 'object' || node === null) return found
  const { title, type } = node as JSONSchema
  if (typeof title === 'string' && type === 'object') found.set(title, node as JSONSchema)
  for (const child of Object.values(node)) titled(child, found)
  return found
}

/** The same schema with whatever has a title inside it by reference, so that each gets one type. */
function byReference(node: unknown, isRoot = true): unknown {
  if (typeof node !== 'object' || node === null) return node
  const { title } = node as JSONSchema
  if (!isRoot && title !== undefined && spoken.includes(title)) return { $ref: `#/definitions/${title}` }
  if (Array.isArray(node)) return node.map((child) => byReference(child, false))
  return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, byReference(child, false)]))
}

/** The source of producer-sdk/src/client/contract.ts: the types of the HTTP API. */
export async function httpContractModule(): Promise<string> {
  const schemas = titled(await openApiDocument())
  const definitions = Object.fromEntries(spoken.map((name) => [name, byReference(schemas.get(name)) as JSONSchema]))
  const source = await compile(
    { definitions, title: 'Unused', type: 'object', additionalProperties: false },
    'Unused',
    {
      additionalProperties: false,
      unreachableDefinitions: true,
      declareExternallyReferenced: true,
      ignoreMinAndMaxItems: true,
      bannerComment: '/** The types of the HTTP API. Written from its OpenAPI document by `make pages`. */',
      format: false,
    },
  )
  const bare = source
    .replace(/export interface Unused \{\s*\}\s*/, '')
    .replace(/\/\*\*\s*\* This interface was referenced by [^/]*\*\//g, '')
    // TypeDoc knows no such tags.
    .replace(/@minItems (\d+)\n\s*\* @maxItems (\d+)/g, '$1 to $2 items.')
  return execFileSync(biome, ['check', '--write', '--stdin-file-path=producer-sdk/src/client/contract.ts'], {
    input: bare,
    encoding: 'utf8',
    cwd: repository,
  })
}
