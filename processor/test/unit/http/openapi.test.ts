import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { compile, type JSONSchema } from 'json-schema-to-typescript'
import { describe, expect, it } from 'vitest'
import { addAdminRoutes } from '../../../src/http/routes/admin-routes.ts'
import { addStreamRoutes } from '../../../src/http/routes/stream-routes.ts'
import { addTextRoutes } from '../../../src/http/routes/text-routes.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'
import { openTestApp, type TestAppOptions } from '../../support/http-app.ts'

const client = fileURLToPath(new URL('../../../../producer-sdk/src/client/contract.ts', import.meta.url))
const biome = fileURLToPath(new URL('../../../../node_modules/.bin/biome', import.meta.url))

/** What the client of the SDK speaks of. */
const spoken = ['TextRequest', 'ScoredEvent', 'BatchRequest', 'BatchResponse', 'AcceptedText', 'Problem']

async function documentOf(options: TestAppOptions = {}) {
  await using test = await openTestApp({
    extend: async (app) => {
      addTextRoutes(app, undefined, createMetrics())
      addStreamRoutes(app, undefined)
      addAdminRoutes(app, undefined)
    },
    ...options,
  })
  return (await test.app.inject('/openapi.json')).json()
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

async function contractTypes(): Promise<string> {
  const schemas = titled(await documentOf())
  const definitions = Object.fromEntries(spoken.map((name) => [name, byReference(schemas.get(name)) as JSONSchema]))
  const source = await compile(
    { definitions, title: 'Unused', type: 'object', additionalProperties: false },
    'Unused',
    {
      additionalProperties: false,
      unreachableDefinitions: true,
      declareExternallyReferenced: true,
      ignoreMinAndMaxItems: true,
      bannerComment:
        '/** The types of the HTTP API, written from its OpenAPI document by processor/test/unit/http/openapi.test.ts. */',
      format: false,
    },
  )
  const bare = source
    .replace(/export interface Unused \{\s*\}\s*/, '')
    .replace(/\/\*\*\s*\* This interface was referenced by [^/]*\*\//g, '')
  return execFileSync(biome, ['check', '--write', '--stdin-file-path=producer-sdk/src/client/contract.ts'], {
    input: bare,
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('../../../..', import.meta.url)),
  })
}

describe('the OpenAPI document', () => {
  it('names every route, each once, with what it may answer', async () => {
    const { openapi, paths } = await documentOf()
    expect(openapi).toBe('3.1.0')
    const operations = Object.entries(
      paths as Record<string, Record<string, { operationId: string; responses: object }>>,
    )
      .flatMap(([path, methods]) => Object.entries(methods).map(([method, facts]) => ({ path, method, ...facts })))
      .filter(({ method }) => method !== 'head')
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toMatchSnapshot()
    for (const { responses } of operations)
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(['429', '500']))
  })

  it('asks for the credentials that the server asks for', async () => {
    const security = async (scheme: 'jwt' | 'api-key' | undefined) => {
      const authenticator = { scheme, authenticate: () => Promise.reject(new Error()), close: () => undefined }
      const { components, paths } = await documentOf({ authenticator })
      return [components.securitySchemes?.credentials?.type, paths['/v1/score'].post.security]
    }
    expect(await security('jwt')).toEqual(['http', [{ credentials: ['sentiment:score'] }]])
    expect(await security('api-key')).toEqual(['apiKey', [{ credentials: ['sentiment:score'] }]])
    expect(await security(undefined)).toEqual([undefined, undefined])
  })

  it('is what the client of the SDK is written for', async () => {
    await expect(await contractTypes()).toMatchFileSnapshot(client)
  })
})
