import { ValenceError } from '../errors.ts'

/** The way from the root of a decoded record to a value: names of fields, and indexes of arrays. Empty: the root itself. */
export type FieldPath = readonly (string | number)[]

/** A name without a dot or a bracket, an index in brackets, or any name in brackets and quotes. */
const step = /(?:^|\.)([^.[\]]+)|\[(\d{1,9})\]|\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]/y

/**
 * Parses `after.comment`, `items[0].text`, `['a.b'].text`; `.` is the whole value. In quotes, a backslash stands before
 * a quotation mark or a backslash. @throws VAL_CONFIG_INVALID with the position
 */
export function parseFieldPath(text: string): FieldPath {
  if (text === '.') return []
  const path: (string | number)[] = []
  step.lastIndex = 0
  for (let at = 0; at < text.length; at = step.lastIndex) {
    step.lastIndex = at
    const [match, name, index, single, double] = step.exec(text) ?? []
    // A dot at the very beginning would be matched as an empty step before a name.
    if (match === undefined || (at === 0 && match.startsWith('.'))) {
      throw new ValenceError('VAL_CONFIG_INVALID', `${JSON.stringify(text)} is no path from position ${at + 1} on`)
    }
    path.push(index === undefined ? (name ?? (single ?? double ?? '').replace(/\\(.)/g, '$1')) : Number(index))
  }
  if (path.length === 0) throw new ValenceError('VAL_CONFIG_INVALID', 'a path is empty')
  return path
}

/** Parses paths separated by commas; commas in brackets belong to their name. @throws VAL_CONFIG_INVALID */
export function parseFieldPaths(text: string): FieldPath[] {
  const parts = text.match(/(?:\[(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\]|[^,])+/g) ?? []
  return (parts.length === 0 ? [''] : parts).map((part) => parseFieldPath(part.trim()))
}

/** As `parseFieldPath` reads it. */
export function formatFieldPath(path: FieldPath): string {
  if (path.length === 0) return '.'
  const steps = path.map((part) => {
    if (typeof part === 'number') return `[${part}]`
    return /^[^.[\],]+$/.test(part) && part.trim() === part ? `.${part}` : `['${part.replace(/['\\]/g, '\\$&')}']`
  })
  return steps.join('').replace(/^\./, '')
}
