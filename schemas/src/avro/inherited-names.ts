/** What every object inherits: avsc finds fields, types and symbols of these names where there are none. */
const inherited: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype))

type SchemaObject = Readonly<Record<string, unknown>>

/**
 * A writer's schema whose names avsc can hold: it keeps them in plain objects, so a field named `constructor` or an enum
 * named `toString` makes it fail. Avro's bytes carry no names and no field that is read has such a one, so they get a tail.
 */
export function withoutInheritedNames(schema: unknown): unknown {
  if (typeof schema === 'string') return rename(schema)
  if (Array.isArray(schema)) return schema.map(withoutInheritedNames)
  if (typeof schema !== 'object' || schema === null) return schema
  // A writer's defaults and aliases take no part in reading what it wrote.
  const {
    name,
    type,
    items,
    values,
    fields,
    symbols,
    default: _default,
    aliases: _aliases,
    ...rest
  } = schema as SchemaObject
  return {
    ...rest,
    ...(typeof name === 'string' ? { name: rename(name) } : {}),
    ...(type === undefined ? {} : { type: withoutInheritedNames(type) }),
    ...(items === undefined ? {} : { items: withoutInheritedNames(items) }),
    ...(values === undefined ? {} : { values: withoutInheritedNames(values) }),
    ...(Array.isArray(fields) ? { fields: fields.map(withoutInheritedNames) } : {}),
    ...(Array.isArray(symbols) ? { symbols: symbols.map(withoutInheritedNames) } : {}),
  }
}

/** By the last part, so that a name and its qualified form stay the same. */
function rename(name: string): string {
  return inherited.has(name.slice(name.lastIndexOf('.') + 1)) ? `${name}_` : name
}
