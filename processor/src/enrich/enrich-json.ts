import { ValenceError } from '@valence/schemas'
import { type Append, plainAddition } from './addition.ts'
import { readRootObject, splice } from './root-object.ts'

/**
 * Adds one member behind the last one of the root object; all other bytes stay: unknown members, the form of numbers,
 * order, duplicate names, white space. The value is JSON that parses.
 * @throws VAL_ENRICH_RECORD_REFUSED for a root that is no object, VAL_ENRICH_FIELD_TAKEN for one with such a member
 */
export function enrichJson(value: Buffer, field: string): Append {
  const root = readRootObject(value)
  if (root === undefined) throw new ValenceError('VAL_ENRICH_RECORD_REFUSED', 'JSON that is not an object')
  const { members, end } = root
  if (members.some(({ name }) => name === field)) throw new ValenceError('VAL_ENRICH_FIELD_TAKEN', `field ${field}`)
  const before = `${members.length === 0 ? '' : ','}${JSON.stringify(field)}:`
  return (addition) => splice(value, end, before + JSON.stringify(plainAddition(addition)))
}
