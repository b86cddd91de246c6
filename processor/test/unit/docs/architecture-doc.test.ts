import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const repository = fileURLToPath(new URL('../../../..', import.meta.url))
const sources = ['processor', 'producer-sdk', 'schemas'].flatMap((workspace) => {
  const folder = join(repository, workspace, 'src')
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  return names.map((name) => readFileSync(join(folder, name), 'utf8'))
})
const page = readFileSync(join(repository, 'docs/architecture.md'), 'utf8')

/** `Class` or `Class.member` in the page's code, a private member with its #; participants of diagrams too. */
const named = [
  ...[...page.matchAll(/`([A-Z][A-Za-z]+)\.(#?[a-z][A-Za-z]+)`/g)].map(([, type, member]) => ({ type, member })),
  ...[...page.matchAll(/participant \w+ as ([A-Z][a-z]+[A-Z][A-Za-z]+)/g)].map(([, type]) => ({ type, member: '' })),
]

function isInCode({ type = '', member = '' }: { type: string | undefined; member: string | undefined }): boolean {
  const declared = new RegExp(`\\b(class|interface) ${type}\\b`)
  return sources.some((text) => declared.test(text) && text.includes(member))
}

it('docs/architecture.md names classes and members that are in the code', () => {
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter((name) => !isInCode(name))).toEqual([])
})
