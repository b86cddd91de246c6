/** A file of the repository that is written, whole or in part, from code. `make pages` writes it; a test compares it. */
export interface WrittenFile {
  /** Relative to the root of the repository. */
  readonly path: string
  /** @param current the file as it is, of which a page keeps its prose */
  text(current: string): string | Promise<string>
}

/** The page with other text between `<!-- name -->` and `<!-- /name -->`. */
export function withSection(page: string, name: string, text: string): string {
  const begin = `<!-- ${name} -->\n`
  const end = `<!-- /${name} -->`
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`the page has no section between ${begin.trim()} and ${end}`)
  return `${page.slice(0, from + begin.length)}\n${text.trim()}\n\n${page.slice(to)}`
}
