import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const repository = fileURLToPath(new URL('../../../..', import.meta.url))
const skipped = new Set(['node_modules', 'dist', '.git', '.stack', '.docs', '.mutants', 'coverage'])

function markdownFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : markdownFiles(path)
    return entry.name.endsWith('.md') ? [path] : []
  })
}

/** The text without code, in which brackets are no links and # is no heading. */
function prose(path: string): string {
  return readFileSync(path, 'utf8').replace(/^```[\s\S]*?^```/gm, '')
}

/** Headings as GitHub names them in links; a name that occurs again gets a number. */
function anchorsOf(path: string): Set<string> {
  const seen = new Map<string, number>()
  return new Set(
    [...prose(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
      const name = heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-')
      const times = seen.get(name) ?? 0
      seen.set(name, times + 1)
      return times === 0 ? name : `${name}-${times}`
    }),
  )
}

function brokenLinks(path: string): string[] {
  const links = [
    ...prose(path)
      .replace(/`[^`\n]*`/g, 'code')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ].map(([, link = '']) => link)
  const isBroken = (link: string) => {
    if (/^[a-z]+:/.test(link)) return false
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? path : join(dirname(path), decodeURI(file))
    if (!existsSync(target)) return true
    return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).has(anchor)
  }
  return links.filter(isBroken).map((link) => `${relative(repository, path)} → ${link}`)
}

it('every link between files of the repository leads to a file and a heading', () => {
  expect(markdownFiles(repository).flatMap(brokenLinks)).toEqual([])
})
