import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { changeKinds, withVersion } from '../../../pages/changelog.ts'

const repository = new URL('../../../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, repository), 'utf8')

const before = '# Changelog\n\nProse.\n\n## 0.1.0 (2026-11-30)\n\nThe first release.\n'
const release = { version: '0.2.0', date: '2027-01-02' }

describe('a release', () => {
  it('stands above the one before, its changes by kind, later lines below their bullet', () => {
    const fragments = [
      { name: 'fixed-b.md', text: 'B is right.\n' },
      { name: 'added-a.md', text: 'A is new,\nand long.\n' },
      { name: 'fixed-c.md', text: 'C is right.\n' },
    ]
    expect(withVersion(before, { ...release, fragments })).toBe(
      '# Changelog\n\nProse.\n\n## 0.2.0 (2027-01-02)\n\n### Added\n\n- A is new,\n  and long.\n\n' +
        '### Fixed\n\n- B is right.\n- C is right.\n\n## 0.1.0 (2026-11-30)\n\nThe first release.\n',
    )
  })

  it('has a change of a known kind, and a version that is new', () => {
    const fragments = [{ name: 'fixed-b.md', text: 'B.' }]
    expect(() => withVersion(before, { ...release, fragments: [] })).toThrow('no fragment')
    expect(() => withVersion(before, { ...release, version: '0.1.0', fragments })).toThrow('already')
    expect(() => withVersion(before, { ...release, fragments: [{ name: 'mended-b.md', text: 'B.' }] })).toThrow(
      'none of',
    )
  })
})

describe('docs/changes', () => {
  const names = readdirSync(new URL('docs/changes', repository)).filter((name) => name !== 'README.md')

  it('names each fragment KIND-a-few-words.md', () => {
    const pattern = new RegExp(`^(${changeKinds.join('|')})-[a-z0-9-]+\\.md$`)
    expect(names.filter((name) => !pattern.test(name))).toEqual([])
  })

  it('has one paragraph in each fragment, without a bullet or a heading', () => {
    const texts = names.map((name) => ({ name, text: read(`docs/changes/${name}`).trim() }))
    expect(texts.filter(({ text }) => text === '' || /\n\n|^[-*#]/m.test(text)).map(({ name }) => name)).toEqual([])
  })
})

it('the packages and the chart have the version of the newest release in CHANGELOG.md', () => {
  const newest = /^## (\d+\.\d+\.\d+) \(\d{4}-\d\d-\d\d\)$/m.exec(read('CHANGELOG.md'))?.[1]
  const packages = ['.', 'schemas', 'producer-sdk', 'processor'].map((name) => read(`${name}/package.json`))
  expect(packages.map((text) => JSON.parse(text).version)).toEqual(packages.map(() => newest))
  expect(read('deploy/helm/valence/Chart.yaml')).toContain(`\nversion: ${newest}\n`)
})
