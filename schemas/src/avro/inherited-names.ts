/** Property names that every object inherits. avsc looks names up in plain objects, so it finds these where none is defined. */
const inherited: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype))

type SchemaObject = Readonly<Record<string, unknown>>

/**
 * Appends `_` to inherited names in a writer's schema: with a field named `constructor` or an enum named `toString` avsc
 * fails. This is safe: Avro's binary form contains no names, and no field that we read has such a name.
 */
export function withoutInheritedNames(schema: unknown): unknown {
  if (typeof schema === 'string') return rename(schema)
  if (Array.isArray(schema)) return schema.map(withoutInheritedNames)
  if (typeof schema !== 'object' || schema === null) return schema
  // Defaults and aliases of the writer's schema have no effect on reading.
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

/** Looks at the last part only, so that a name and its qualified form are renamed alike. */
function rename(name: string): string {
  return inherited.has(name.slice(name.lastIndexOf('.') + 1)) ? `${name}_` : name
}
