import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { readRepositoryFile, repositoryRoot } from '../../support/repository.ts'

const page = readRepositoryFile('docs/kubernetes.md')
const [table = ''] = page.split('## Values')[1]?.split('`values.schema.json`') ?? []
const named = new Set([...table.matchAll(/`([a-zA-Z.]+)`/g)].map(([, name = '']) => name))

test('docs/kubernetes.md says what each value does', () => {
  const values = parse(readRepositoryFile('deploy/helm/valence/values.yaml')) as Record<string, unknown>
  for (const name of Object.keys(values))
    expect(
      [...named].map((one) => one.split('.')[0]),
      name,
    ).toContain(name)
})

test('it names files that exist', () => {
  const paths = [...page.matchAll(/(?<![\w/])deploy\/(?:[\w-]+\/)*[\w.-]*\w/g)].map(([path]) => path)
  expect(paths.length).toBeGreaterThan(10)
  for (const path of paths.filter((one) => !one.endsWith('/values'))) {
    expect(existsSync(join(repositoryRoot, path)), path).toBe(true)
  }
})

test('it names the releases that the schemas are from', () => {
  const sources = readRepositoryFile('deploy/helm/schemas/sources.ts')
  const strimzi = /<version>(\d+\.\d+\.\d+)<\/version>/.exec(
    readRepositoryFile('deploy/helm/schemas/strimzi.pom.xml'),
  )?.[1]
  const versions = [...sources.matchAll(/@v(\d+\.\d+\.\d+)/g)].map(([, version]) => version)
  expect(versions).toHaveLength(5)
  for (const version of [...versions, strimzi]) expect(page).toContain(` ${version}`)
})
