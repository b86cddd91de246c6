import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { withSection } from '../../../pages/written-file.ts'
import { writtenFiles } from '../../../pages/written-files.ts'

describe('the files that `make pages` writes', () => {
  it.each(writtenFiles.map((file) => [file.path, file] as const))('%s is up to date', async (path, { text }) => {
    const current = await readFile(fileURLToPath(new URL(`../../../../${path}`, import.meta.url)), 'utf8')
    expect(current === (await text(current)), `${path} is out of date: run \`make pages\``).toBe(true)
  })
})

describe('a section of a page', () => {
  it('is replaced between its marks, and nothing else is', () => {
    const page = 'prose\n\n<!-- x -->\n\nold\n\n<!-- /x -->\nmore\n'
    expect(withSection(page, 'x', 'new\n')).toBe('prose\n\n<!-- x -->\n\nnew\n\n<!-- /x -->\nmore\n')
  })

  it('must be there', () => {
    expect(() => withSection('<!-- /x -->\n<!-- x -->\n', 'x', 'new')).toThrow('no section')
  })
})
