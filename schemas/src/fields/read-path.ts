import type { FieldPath } from './field-path.ts'

/** What avsc makes of a value of an ambiguous union: `unwrap` is a method of its class, never a field. */
interface Wrapped {
  unwrap(): unknown
}

function isWrapped(value: object): value is Wrapped {
  return !Object.hasOwn(value, 'unwrap') && typeof (value as Partial<Wrapped>).unwrap === 'function'
}

/** The value of one of avsc's unions without the name of its branch. */
function branchOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !isWrapped(value)) return value
  return Object.values(value)[0]
}

/** The value at a path of a decoded record; undefined where the path leads nowhere. Inherited properties are no fields. */
export function readPath(root: unknown, path: FieldPath): unknown {
  let value = branchOf(root)
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    // An array's own `length` is no field.
    if (Array.isArray(value) !== (typeof part === 'number')) return undefined
    value = branchOf((value as Record<string | number, unknown>)[part])
  }
  return value
}
