import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const docs = new URL('../../../../docs/', import.meta.url)
const pagesOf = (folder: string) =>
  readdirSync(new URL(folder, docs)).filter((name) => name.endsWith('.md') && name !== 'README.md')
const linkedFrom = (page: string) =>
  [...readFileSync(new URL(page, docs), 'utf8').matchAll(/^\| \[[^\]]*\]\(([^)]+\.md)\)/gm)].map(([, link]) => link)

describe('docs/decisions', () => {
  it('has an index of every decision, by number', () => {
    expect(linkedFrom('decisions/README.md')).toEqual(pagesOf('decisions/').toSorted())
  })

  it('gives each number once', () => {
    const numbers = pagesOf('decisions/').map((name) => name.slice(0, 4))
    expect(new Set(numbers).size).toBe(numbers.length)
  })
})

it('docs/lab has an index of every page', () => {
  expect(linkedFrom('lab/README.md').toSorted()).toEqual(pagesOf('lab/').toSorted())
})
