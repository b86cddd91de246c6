import { _, type Ajv, type AnySchemaObject, type CodeKeywordDefinition, type KeywordCxt, type Options } from 'ajv'
import { ValenceError } from '../errors.ts'
import { compileLinearPattern } from './linear-pattern.ts'
import type { StepMeter } from './step-meter.ts'

/** Keyword added to every subschema: cost of an evaluation without the data; negative if it visits every property name. */
const stepsKeyword = 'x-valence-steps'
/** Keywords whose value maps names, which are no keywords, to subschemas, lists or flags. */
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
/** Keywords that visit every property name of an object. */
const nameKeywords = [
  'minProperties',
  'maxProperties',
  'propertyNames',
  'patternProperties',
  'additionalProperties',
  'unevaluatedProperties',
]
const valueKeywords: ReadonlySet<string> = new Set(['enum', 'const'])
const maxSchemas = 2_000
/** Base cost of an evaluation; a failing one creates an error object. */
const minWeight = 4
/** Maximum states of all patterns of a schema. Compiling a pattern costs at least as much as 50 states. */
const maxStates = 25_000
const minStates = 50
/** A `$ref` into an `enum` or `const`: such a subschema would be evaluated without being counted. */
const intoValue = /(?<!\/(?:properties|patternProperties|definitions|\$defs|dependentSchemas))\/(?:enum|const)(?:\/|$)/

/** Options of ajv: formats and unknown keywords are not checked. Each schema needs its own ajv, because equal `$id`s collide. */
export function meteredOptions(meter: StepMeter): Options {
  let states = 0
  const compile = (pattern: string) => {
    const compiled = meteredPattern(pattern, meter)
    states += Math.max(compiled.size, minStates)
    if (states > maxStates) throw new ValenceError('VAL_SCHEMA_TOO_COMPLEX', 'too many or too large patterns')
    return compiled
  }
  const regExp = Object.assign(compile, { code: 'unused' })
  return {
    // Inherited properties are not properties of the payload.
    ownProperties: true,
    strict: false,
    validateFormats: false,
    logger: false,
    // Inlining copies the target for each reference: the code would grow quadratically with the schema.
    inlineRefs: false,
    // ajv's optimiser takes time quadratic in the schema, and V8 optimises the code anyway.
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

/** Adds the step counter, and replaces `uniqueItems`, which takes quadratic time. */
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
  // `id` is draft-04's name of `$id`; ajv refuses schemas with it.
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

/** Compares items by their canonical JSON, in linear time. Comparing all pairs takes hours for 1 MB. */
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

/** Adds the step keyword to every subschema, in place. Throws VAL_SCHEMA_TOO_COMPLEX for more than 2,000 subschemas. */
export function addSteps(root: AnySchemaObject): AnySchemaObject {
  let count = 0

  function visit(schema: AnySchemaObject): void {
    count += 1
    if (count > maxSchemas) throw new ValenceError('VAL_SCHEMA_TOO_COMPLEX', `more than ${maxSchemas} subschemas`)
    if (pointsIntoValue(schema.$ref)) throw new ValenceError('VAL_SCHEMA_TOO_COMPLEX', '$ref to an enum or a const')
    modernise(schema)
    let weight = minWeight
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

/** The subschemas in a keyword's value, also of unknown keywords, because a `$ref` can point into them. */
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

/** Converts draft-04's boolean `exclusiveMinimum` and `exclusiveMaximum` to numbers. */
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
