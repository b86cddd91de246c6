import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { commands } from '../../../src/cli/command-table.ts'

const page = readFileSync(new URL('../../../../docs/cli.md', import.meta.url), 'utf8')

/** Title without `valence ` → the text below it. */
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [title = '', ...text] = section.split('\n')
      return [title.replace(/^valence /, ''), text.join('\n')] as const
    }),
)

const pathOf = (usage: string) => usage.split(/ (?=[[<])/)[0] ?? ''

describe('docs/cli.md', () => {
  it('has a section for every command, in the order of --help, and no other', () => {
    expect([...sections.keys()]).toEqual(commands.map(({ usage }) => pathOf(usage)))
  })

  it.each(commands.map((spec) => [pathOf(spec.usage), spec] as const))(
    '%s: every option and no other',
    (path, spec) => {
      const documented = [...(sections.get(path) ?? '').matchAll(/^\| `([^`]+)` +\|/gm)].map(([, flags]) => flags)
      expect(documented).toEqual((spec.options ?? []).map(([flags]) => flags))
    },
  )

  it.each(commands.map(({ usage }) => [pathOf(usage)]))('%s: an example', (path) => {
    expect(sections.get(path)).toMatch(new RegExp(`^\\$ (VALENCE_\\S+ )*valence ${path}`, 'm'))
  })
})

describe('the table of commands', () => {
  it('names each command once', () => {
    const paths = commands.map(({ usage }) => pathOf(usage))
    expect(new Set(paths).size).toBe(paths.length)
  })
})
