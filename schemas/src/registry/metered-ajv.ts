import { _, type Ajv, type AnySchemaObject, type CodeKeywordDefinition, type KeywordCxt, type Options } from 'ajv'
import { ValenceError } from '../errors.ts'
import { compileLinearPattern } from './linear-pattern.ts'
import type { StepMeter } from './step-meter.ts'

/** Added to every subschema: what an evaluation costs beside the data; negative where it looks at every name too. */
const stepsKeyword = 'x-valence-steps'
/** Keywords with subschemas, or lists or flags, by name; the names are not keywords. */
const namedSchemas: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'definitions',
  '$defs',
  'dependentSchemas',
  'dependencies',
  'dependentRequired',
  '$vocabulary',
])
/** Keywords that look at every name of an object, whether or not they evaluate a subschema for it. */
const nameKeywords = [
  'minProperties',
  'maxProperties',
  'propertyNames',
  'patternProperties',
  'additionalProperties',
  'unevaluatedProperties',
]
const valueKeywords: ReadonlySet<string> = new Set(['enum', 'const'])
const mostSchemas = 2_000
/** What an evaluation costs by itself: one that fails makes an error of several fields. */
const leastWeight = 4
/** States of all patterns of a schema; compiling a pattern takes as long as some 50 states. */
const mostStates = 25_000
const leastStates = 50
/** A reference into a value, which could be evaluated without being counted. */
const intoValue = /(?<!\/(?:properties|patternProperties|definitions|\$defs|dependentSchemas))\/(?:enum|const)(?:\/|$)/

/** Formats and unknown keywords are the writer's business; a validator per schema, or equal `$id`s would collide. */
export function meteredOptions(meter: StepMeter): Options {
  let states = 0
  const compile = (pattern: string) => {
    const compiled = meteredPattern(pattern, meter)
    states += Math.max(compiled.size, leastStates)
    if (states > mostStates) throw new ValenceError('VAL_SCHEMA_TOO_COMPLEX', 'too many or too large patterns')
    return compiled
  }
  const regExp = Object.assign(compile, { code: 'unused' })
  return {
    // What objects inherit is no property of a payload.
    ownProperties: true,
    strict: false,
    validateFormats: false,
    logger: false,
    // A copy for each reference would make code of the square of the schema's size.
    inlineRefs: false,
    // Optimising takes a time quadratic in the schema, and V8 does it again.
    code: { regExp, optimize: false },
  }
}

function meteredPattern(pattern: string, meter: StepMeter) {
  const { size, test } = compileLinearPattern(pattern)
  return {
    size,
    test(text: string) {
      meter.charge(1 + (text.length * size) / 64)
      return test(text)
    },
  }
}

/** Replaces what takes more than linear time and counts the rest. */
export function addMeter(ajv: Ajv, meter: StepMeter): Ajv {
  const charge = (data: unknown, weight: number) => meter.chargeFor(data, Math.abs(weight), weight < 0)
  const steps: CodeKeywordDefinition = {
    keyword: stepsKeyword,
    schemaType: 'number',
    before: '$ref',
    code: ({ gen, data, schema }: KeywordCxt) => {
      const call = gen.scopeValue('func', { ref: charge })
      gen.code(_`${call}(${data}, ${schema})`)
    },
  }
  ajv.addKeyword(steps)
  // Draft-04's name for $id, which ajv refuses.
  ajv.removeKeyword('id')
  ajv.removeKeyword('uniqueItems')
  return ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    error: { message: 'must NOT have duplicate items' },
    validate: (isUnique: boolean, items: unknown[]) => !isUnique || areDistinct(items, meter),
  })
}

/** Compares the items by their canonical text: each is read once, where comparing each pair takes hours for a megabyte. */
function areDistinct(items: readonly unknown[], meter: StepMeter): boolean {
  const seen = new Set<string>()
  for (const item of items) {
    const text = canonicalText(item)
    meter.charge(1 + text.length / 16)
    if (seen.has(text)) return false
    seen.add(text)
  }
  return true
}

function canonicalText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  const entries = Object.entries(value).map(([key, own]) => `${JSON.stringify(key)}:${canonicalText(own)}`)
  return `{${entries.sort().join(',')}}`
}

/** Prepares a parsed schema, in place. Throws VAL_SCHEMA_TOO_COMPLEX where it has too many subschemas. */
export function addSteps(root: AnySchemaObject): AnySchemaObject {
  let count = 0

  function visit(schema: AnySchemaObject): void {
    count += 1
    if (count > mostSchemas) throw new ValenceError('VAL_SCHEMA_TOO_COMPLEX', `more than ${mostSchemas} subschemas`)
    if (pointsIntoValue(schema.$ref)) throw new ValenceError('VAL_SCHEMA_TOO_COMPLEX', '$ref to an enum or a const')
    modernise(schema)
    let weight = leastWeight
    for (const [keyword, value] of Object.entries(schema)) {
      if (valueKeywords.has(keyword)) weight += JSON.stringify(value).length / 32
      else weight += visitAll(schemasOf(keyword, value)) / 8
    }
    const looksAtNames = nameKeywords.some((keyword) => Object.hasOwn(schema, keyword))
    schema[stepsKeyword] = Math.ceil(weight) * (looksAtNames ? -1 : 1)
  }

  function visitAll(values: readonly unknown[]): number {
    for (const value of values) if (isObject(value)) visit(value)
    return values.length
  }

  visit(root)
  return root
}

/** What may be evaluated as a schema, unknown keywords included: a reference may point there. */
function schemasOf(keyword: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (!isObject(value)) return []
  return namedSchemas.has(keyword) ? Object.values(value) : [value]
}

function isObject(value: unknown): value is AnySchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function pointsIntoValue(reference: unknown): boolean {
  return typeof reference === 'string' && intoValue.test(decodeURIComponent(reference))
}

/** Draft-04 has exclusive limits as flags of the limits. */
function modernise(schema: AnySchemaObject): void {
  for (const [flag, limit] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (typeof schema[flag] !== 'boolean') continue
    if (schema[flag] && typeof schema[limit] === 'number') {
      schema[flag] = schema[limit]
      delete schema[limit]
    } else delete schema[flag]
  }
}
