import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** A file of the repository that is written, whole or in part, from code or data. A unit test compares it. */
export interface WrittenFile {
  /** Relative to the root of the repository. */
  readonly path: string
  /** @param current the file as it is, of which a page keeps its prose */
  text(current: string): string | Promise<string>
}

const repository = new URL('../../', import.meta.url)

export function readRepositoryFile(path: string): Promise<string> {
  return readFile(fileURLToPath(new URL(path, repository)), 'utf8')
}

/** The page with other text between `<!-- name -->` and `<!-- /name -->`. */
export function withSection(page: string, name: string, text: string): string {
  const begin = `<!-- ${name} -->\n`
  const end = `<!-- /${name} -->`
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`the page has no section between ${begin.trim()} and ${end}`)
  return `${page.slice(0, from + begin.length)}\n${text.trim()}\n\n${page.slice(to)}`
}

/** Writes the files that are out of date. @returns their paths */
export async function writeAnew(files: readonly WrittenFile[]): Promise<string[]> {
  const changed: string[] = []
  for (const { path, text } of files) {
    const current = await readRepositoryFile(path)
    const next = await text(current)
    if (next === current) continue
    await writeFile(fileURLToPath(new URL(path, repository)), next)
    changed.push(path)
  }
  return changed
}
