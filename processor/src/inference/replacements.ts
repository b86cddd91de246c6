/** A normalizer of the library; a replacing one has a pattern, which is a string or a global regular expression. */
export interface LibraryNormalizer {
  normalize(text: string): string
  readonly pattern?: string | RegExp | null | undefined
}

const syntax = /[\\^$.*+?()[\]{}|/]/g

/** One expression that matches if any pattern does; undefined if a normalizer is not a replacement. */
function anyOf(normalizers: readonly LibraryNormalizer[]): RegExp | undefined {
  const sources = normalizers.flatMap(({ pattern }) => {
    if (typeof pattern === 'string') return [pattern.replace(syntax, '\\$&')]
    return pattern instanceof RegExp && pattern.flags === 'gu' ? [`(?:${pattern.source})`] : []
  })
  return sources.length < normalizers.length ? undefined : new RegExp(sources.join('|'), 'u')
}

/**
 * Runs the normalizers in order, or none if a single search finds no pattern in the text. Half of all tweets have
 * nothing to replace, and 43 patterns took a third of their tokenizing time.
 */
export function createReplacements(normalizers: readonly LibraryNormalizer[]): (text: string) => string {
  const all = (text: string) => normalizers.reduce((current, step) => step.normalize(current), text)
  const any = normalizers.length === 0 ? undefined : anyOf(normalizers)
  return any === undefined ? all : (text) => (any.test(text) ? all(text) : text)
}
