import { parseAllDocuments } from 'yaml'

type Schema = { [key: string]: unknown }

/** A JSON Schema and where kubeconform looks for it: GROUP/kind_VERSION.json; the core group goes by its version. */
export interface SchemaFile {
  readonly path: string
  readonly schema: Schema
}

interface Definition extends Schema {
  readonly properties?: Record<string, Schema>
  readonly 'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[]
}

interface CustomResourceDefinition {
  readonly kind: string
  readonly spec: {
    readonly group: string
    readonly names: { readonly kind: string }
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[]
  }
}

export const definitionsPath = 'kubernetes/definitions.json'

function pathOf(group: string, version: string, kind: string): string {
  return `${group === '' ? version : group}/${kind.toLowerCase()}_${version}.json`
}

const isObject = (value: unknown): value is Schema => typeof value === 'object' && value !== null

/**
 * The schema as a strict validator needs it: what is not named is refused, as the API server's strict mode does, and
 * the two extensions of Kubernetes that loosen a schema are written in JSON Schema's words.
 */
export function tighten(schema: Schema): Schema {
  const entries = Object.entries(schema).map(([key, value]) => {
    if (key === 'properties' && isObject(value)) {
      return [key, Object.fromEntries(Object.entries(value).map(([name, one]) => [name, tighten(one as Schema)]))]
    }
    if (Array.isArray(value)) return [key, value.map((item) => (isObject(item) ? tighten(item) : item))]
    return [key, isObject(value) ? tighten(value) : value]
  })
  const result: Schema = Object.fromEntries(entries)
  if (schema['x-kubernetes-int-or-string'] === true || schema.format === 'int-or-string') {
    const { type: _type, anyOf: _anyOf, format: _format, ...rest } = result
    return { ...rest, type: ['string', 'integer'] }
  }
  const isLoose = schema['x-kubernetes-preserve-unknown-fields'] === true || 'additionalProperties' in schema
  return isObject(schema.properties) && !isLoose ? { ...result, additionalProperties: false } : result
}

/** What every object of Kubernetes has; definitions of custom resources leave their insides out. */
function withObjectFields(schema: Schema): Schema {
  const properties = { ...(isObject(schema.properties) ? schema.properties : {}) }
  const metadata = '../kubernetes/definitions.json#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'
  return {
    ...schema,
    properties: {
      ...properties,
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { $ref: metadata },
    },
  }
}

/** One file with all definitions of Kubernetes, and one for each kind that points into it. */
export function convertKubernetes(document: string): SchemaFile[] {
  const { definitions } = JSON.parse(document) as { definitions: Record<string, Definition> }
  const strict = Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => [name, tighten(definition)]),
  )
  const kinds = Object.entries(definitions).flatMap(([name, definition]) =>
    (definition['x-kubernetes-group-version-kind'] ?? []).map(({ group, version, kind }) => ({
      path: pathOf(group, version, kind),
      schema: { $ref: `../${definitionsPath}#/definitions/${name}` },
    })),
  )
  return [{ path: definitionsPath, schema: { definitions: strict } }, ...kinds]
}

/** A file for each version of each definition in a YAML text. */
export function convertDefinitions(text: string): SchemaFile[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as CustomResourceDefinition | null)
    .filter((document) => document?.kind === 'CustomResourceDefinition')
    .flatMap((document) => {
      const { group, names, versions } = (document as CustomResourceDefinition).spec
      return versions.map(({ name, schema }) => ({
        path: pathOf(group, name, names.kind),
        schema: withObjectFields(tighten(schema.openAPIV3Schema)),
      }))
    })
}
