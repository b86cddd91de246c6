import fc from 'fast-check'

/** Every part of the schemas that are made here. */
interface AnySchema {
  readonly type: Schema
  readonly items: Schema
  readonly values: Schema
  readonly fields: readonly { readonly name: string; readonly type: Schema }[]
  readonly namespace?: string
  readonly symbols: readonly string[]
  readonly size: number
}

type Schema = string | { readonly [name: string]: unknown } | readonly Schema[]

/** Types whose names are made of their place, so that none occurs twice. */
function schemaAt(path: string, depth: number): fc.Arbitrary<Schema> {
  const inner = (part: string) => schemaAt(`${path}_${part}`, depth - 1)
  const leaves: fc.Arbitrary<Schema>[] = [
    fc.constantFrom<Schema>('null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'),
    fc.constantFrom<Schema>(
      { type: 'long', logicalType: 'timestamp-micros' },
      { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 },
      { type: 'string', logicalType: 'uuid', 'org.example.hint': [1] },
    ),
    fc.constant({ type: 'enum', name: `E${path}`, symbols: ['A', 'B'], doc: 'one of two' }),
    fc.constant({ type: 'fixed', name: `F${path}`, size: 3, aliases: [`G${path}`] }),
  ]
  if (depth === 0) return fc.oneof(...leaves)
  return fc.oneof(
    ...leaves,
    inner('i').map((items) => ({ type: 'array', items })),
    inner('v').map((values) => ({ type: 'map', values })),
    inner('u').map((branch) => (branch === 'null' || Array.isArray(branch) ? ['null', 'string'] : ['null', branch])),
    recordAt(path, depth),
  )
}

function recordAt(path: string, depth: number): fc.Arbitrary<Schema> {
  return fc
    .tuple(
      fc.constantFrom({}, { namespace: 'org.example' }, { namespace: 'io.valence.enriched.v1' }),
      fc.array(schemaAt(`${path}_f`, depth - 1), { maxLength: 3 }),
    )
    .map(([space, types]) => ({
      type: 'record',
      ...space,
      name: `R${path}`,
      // Types of different fields meet in one namespace: the index keeps their names apart.
      fields: types.map((type, index) => ({ name: `f${index}`, type: renamed(type, index), doc: 'a field' })),
    }))
}

/** The schema with an index behind the names of its types. */
function renamed(schema: Schema, index: number): Schema {
  return JSON.parse(JSON.stringify(schema), (key, value) =>
    key === 'name' && /^[EFR]_/.test(value) ? `${value}_${index}` : value,
  )
}

export const recordSchemas = recordAt('_r', 3) as fc.Arbitrary<{ readonly [name: string]: unknown }>

/** Any value of a schema, with every value of a union in an object of its type's name. */
export function valuesOf(schema: Schema, enclosing = ''): fc.Arbitrary<unknown> {
  if (Array.isArray(schema)) {
    const branch = schema[1] as Schema
    return fc.option(valuesOf(branch, enclosing).map((value) => ({ [branchName(branch, enclosing)]: value })))
  }
  if (typeof schema === 'string') return primitives[schema] as fc.Arbitrary<unknown>
  const { type, items, values, fields, namespace, symbols, size } = schema as unknown as AnySchema
  if (type === 'array') return fc.array(valuesOf(items, enclosing), { maxLength: 2 })
  if (type === 'map') return fc.dictionary(keys, valuesOf(values, enclosing), { maxKeys: 2, noNullPrototype: true })
  if (type === 'enum') return fc.constantFrom(...symbols)
  if (type === 'fixed') return bytesOf(size, size)
  if (type !== 'record') return valuesOf(type, enclosing)
  return fc.record(
    Object.fromEntries(fields.map(({ name, type: inner }) => [name, valuesOf(inner, namespace ?? enclosing)])),
    {
      noNullPrototype: true,
    },
  )
}

function branchName(branch: Schema, enclosing: string): string {
  if (typeof branch === 'string') return branch
  const { type, name, namespace = enclosing } = branch as unknown as Readonly<Record<string, string>>
  if (name === undefined) return type as string
  return namespace === '' ? name : `${namespace}.${name}`
}

// Behind a letter, because avsc reads no entry named `__proto__`.
const keys = fc.string({ maxLength: 4 }).map((text) => `k${text}`)

const bytesOf = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => Buffer.from(bytes))

const primitives: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  null: fc.constant(null),
  boolean: fc.boolean(),
  int: fc.integer(),
  // avsc reads no long near the ends of the safe integers.
  long: fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
  float: fc.float({ noNaN: true }),
  double: fc.double({ noNaN: true }),
  bytes: bytesOf(0, 4),
  string: fc.string({ unit: 'grapheme', maxLength: 4 }),
}
