import { ValenceError } from '@valence/schemas'
import { additionSchema } from './avro-addition.ts'
import { readRootObject, splice } from './root-object.ts'

/** A schema to register for the enriched records of one writer's schema. */
export interface DerivedSchema {
  readonly text: string
  /** The full name of its record or message, as subjects of the strategies `record` and `topic-record` have it; a JSON Schema may have none. */
  readonly fullName: string | undefined
}

interface AvroObject {
  readonly type?: unknown
  readonly name?: unknown
  readonly namespace?: unknown
  readonly aliases?: unknown
  readonly fields?: unknown
}

/**
 * The writer's record with one nullable field at its end. Its text stays to the byte around the field, so that names,
 * aliases, logical types, docs and numbers are what the writer registered.
 * @param references the texts of the schemas that it refers to
 * @throws VAL_ENRICH_RECORD_REFUSED for what is no record, VAL_ENRICH_FIELD_TAKEN
 */
export function deriveAvroSchema(text: string, references: readonly string[], field: string): DerivedSchema {
  const schema = JSON.parse(text)
  const bytes = Buffer.from(text)
  const fields = readRootObject(bytes)?.members.findLast(({ name }) => name === 'fields')
  if (fields === undefined || schema.type !== 'record' || !Array.isArray(schema.fields)) {
    throw new ValenceError('VAL_ENRICH_RECORD_REFUSED', `an Avro ${kindOf(schema)}, not a record`)
  }
  if (schema.fields.some((own: AvroObject) => own.name === field || asArray(own.aliases).includes(field))) {
    throw new ValenceError('VAL_ENRICH_FIELD_TAKEN', `field ${field}`)
  }
  const names = new Set<string>()
  for (const known of [schema, ...references.map((reference) => JSON.parse(reference))]) collectNames(known, '', names)
  const added = { name: field, type: ['null', additionSchema((name) => names.has(name))], default: null }
  const comma = schema.fields.length === 0 ? '' : ','
  const derived = splice(bytes, fields.end - 1, comma + JSON.stringify(added)).toString()
  return { text: derived, fullName: fullNameOf(schema, '') }
}

function kindOf(schema: unknown): string {
  if (Array.isArray(schema)) return 'union'
  const type = typeof schema === 'object' && schema !== null ? (schema as AvroObject).type : schema
  return typeof type === 'string' ? type : 'schema of another form'
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function fullNameOf({ name, namespace }: AvroObject, enclosing: string): string {
  const own = String(name)
  const space = typeof namespace === 'string' ? namespace : enclosing
  return own.includes('.') || space === '' ? own : `${space}.${own}`
}

/** The full names of all types that a schema defines, aliases among them. */
function collectNames(schema: unknown, enclosing: string, names: Set<string>): void {
  if (Array.isArray(schema)) for (const branch of schema) collectNames(branch, enclosing, names)
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return
  const { items, values, type } = schema as Readonly<Record<string, unknown>>
  const { name, fields, aliases } = schema as AvroObject
  const isNamed = typeof name === 'string' && typeof type === 'string'
  const fullName = isNamed ? fullNameOf(schema as AvroObject, enclosing) : ''
  const space = isNamed ? fullName.slice(0, Math.max(fullName.lastIndexOf('.'), 0)) : enclosing
  if (isNamed) names.add(fullName)
  if (isNamed) for (const alias of asArray(aliases)) names.add(fullNameOf({ name: alias }, space))
  for (const inner of [type, items, values]) collectNames(inner, space, names)
  for (const field of asArray(fields)) collectNames((field as AvroObject | null)?.type, space, names)
}
