import { parseAllDocuments } from 'yaml'

type Schema = { [key: string]: unknown }

/** A JSON Schema and where kubeconform looks for it: GROUP/kind_VERSION.json; the core group goes by its version. */
export interface SchemaFile {
  readonly path: string
  readonly schema: Schema
}

interface Definition extends Schema {
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

type Definitions = Readonly<Record<string, Schema>>

const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'
const reference = /"#\/definitions\/([^"]+)"/g

/** The schema with the definitions that it needs, directly or not: a validator reads no more than these. */
function standalone(schema: Schema, definitions: Definitions): Schema {
  const needed: Record<string, Schema> = {}
  const waiting: Schema[] = [schema]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const [, name = ''] of JSON.stringify(next).matchAll(reference)) {
      const definition = definitions[name]
      if (name in needed || definition === undefined) continue
      needed[name] = definition
      waiting.push(definition)
    }
  }
  return { ...schema, definitions: needed }
}

/** The definitions of an OpenAPI document of Kubernetes, strict. */
export function readKubernetes(document: string): Definitions {
  const { definitions } = JSON.parse(document) as { definitions: Record<string, Schema> }
  return Object.fromEntries(Object.entries(definitions).map(([name, definition]) => [name, tighten(definition)]))
}

/** A file for each kind of Kubernetes. */
export function convertKubernetes(definitions: Definitions): SchemaFile[] {
  return Object.entries(definitions).flatMap(([name, definition]) =>
    ((definition as Definition)['x-kubernetes-group-version-kind'] ?? []).map(({ group, version, kind }) => ({
      path: pathOf(group, version, kind),
      schema: standalone({ $ref: `#/definitions/${name}` }, definitions),
    })),
  )
}

/** Definitions of custom resources leave out what is inside the fields that all objects have. */
function withObjectFields(schema: Schema, definitions: Definitions): Schema {
  const properties = isObject(schema.properties) ? schema.properties : {}
  const common = {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { $ref: `#/definitions/${objectMeta}` },
  }
  return standalone({ ...schema, properties: { ...properties, ...common } }, definitions)
}

/** A file for each version of each definition in a YAML text. */
export function convertDefinitions(text: string, definitions: Definitions): SchemaFile[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as CustomResourceDefinition | null)
    .filter((document) => document?.kind === 'CustomResourceDefinition')
    .flatMap((document) => {
      const { group, names, versions } = (document as CustomResourceDefinition).spec
      return versions.map(({ name, schema }) => ({
        path: pathOf(group, name, names.kind),
        schema: withObjectFields(tighten(schema.openAPIV3Schema), definitions),
      }))
    })
}
