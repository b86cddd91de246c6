import { ValenceError } from '@valence/schemas'
import type { DerivedSchema } from './derive-avro.ts'
import { readRootObject, splice } from './root-object.ts'

const string = { type: 'string' }

/** The JSON Schema of the added field; it may be absent, as in the records of before. */
const additionSchema = {
  description: 'The sentiment of the text of the record, added by Valence.',
  type: 'object',
  properties: {
    label: string,
    scores: { type: 'object', additionalProperties: { type: 'number' } },
    valence: { type: 'number' },
    model: { type: 'object', properties: { name: string, version: string, sha256: string } },
    scoredAt: { description: 'Epoch milliseconds.', type: 'integer' },
    warnings: { type: 'array', items: string },
  },
}

/**
 * The writer's JSON Schema with one property at its root; the rest of its text stays to the byte.
 * @throws VAL_ENRICH_RECORD_REFUSED for a schema that is no object, VAL_ENRICH_FIELD_TAKEN
 */
export function deriveJsonSchema(text: string, field: string): DerivedSchema {
  const bytes = Buffer.from(text)
  const root = readRootObject(bytes)
  if (root === undefined) throw new ValenceError('VAL_ENRICH_RECORD_REFUSED', 'a JSON Schema that is no object')
  const { properties = {}, title } = JSON.parse(text)
  if (Object.hasOwn(properties, field)) throw new ValenceError('VAL_ENRICH_FIELD_TAKEN', `property ${field}`)
  const member = `${JSON.stringify(field)}:${JSON.stringify(additionSchema)}`
  const own = root.members.findLast(({ name }) => name === 'properties')
  const comma = Object.keys(own === undefined ? JSON.parse(text) : properties).length === 0 ? '' : ','
  const derived =
    own === undefined
      ? splice(bytes, root.end, `${comma}"properties":{${member}}`)
      : splice(bytes, own.end - 1, comma + member)
  return { text: derived.toString(), fullName: typeof title === 'string' ? title : undefined }
}
