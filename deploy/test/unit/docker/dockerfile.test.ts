import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { commands } from '@valence/processor/cli/command-table'
import { readConfig } from '@valence/processor/config/config'
import { expect, test } from 'vitest'
import { finalStage, readDockerfile, removedIn, type Stage, stageNamed } from '../../support/dockerfile.ts'
import { readRepositoryFile, repositoryRoot } from '../../support/repository.ts'

const stages = readDockerfile()
const image = finalStage(stages)

function only(stage: Stage, keyword: string): readonly string[] {
  const found = stage.instructions.filter((instruction) => instruction.keyword === keyword)
  expect(found, keyword).toHaveLength(1)
  return found[0]?.arguments ?? []
}

/** The ENV of the image as an environment. */
function environment(): Record<string, string> {
  return Object.fromEntries(only(image, 'ENV').map((pair) => pair.split('=', 2) as [string, string]))
}

const fromContext = stages.flatMap(({ copies }) => copies.filter(({ from }) => from === undefined))

test('the base image is the Node release that the repository is developed on, by its exact tag', () => {
  const { devDependencies } = JSON.parse(readRepositoryFile('package.json')) as { devDependencies: { node: string } }
  expect(stageNamed(stages, 'base').image).toBe(`node:${devDependencies.node}-bookworm-slim`)
  for (const { image: from } of stages.slice(1, -1)) expect(stages.map(({ name }) => name)).toContain(from)
})

test('the image itself is that Debian without npm: of Node.js it has the program alone', () => {
  expect(image.image).toMatch(/^debian:12\.\d+-slim$/)
  expect(image.copies.filter(({ from }) => from === 'base')).toEqual([
    { from: 'base', sources: ['/usr/local/bin/node'], target: '/usr/local/bin/' },
  ])
})

test('everything that is copied exists', () => {
  for (const source of fromContext.flatMap(({ sources }) => sources)) {
    expect(existsSync(join(repositoryRoot, source)), source).toBe(true)
  }
  for (const { from } of stages.flatMap(({ copies }) => copies)) {
    if (from !== undefined) expect(stages.map(({ name }) => name)).toContain(from)
  }
})

test('every workspace has its manifest installed; what is compiled is delivered, the others are removed', () => {
  const { workspaces } = JSON.parse(readRepositoryFile('package.json')) as { workspaces: string[] }
  const compiled = workspaces.filter((workspace) => existsSync(join(repositoryRoot, workspace, 'tsconfig.json')))
  const others = workspaces.filter((workspace) => !compiled.includes(workspace))
  const copied = fromContext.flatMap(({ sources }) => sources)
  const delivered = image.copies.filter(({ from }) => from === 'build').map(({ target }) => target)
  expect(delivered.sort()).toEqual(compiled.map((workspace) => `${workspace}/dist`).sort())
  for (const workspace of compiled) {
    for (const part of ['package.json', 'tsconfig.json', 'src']) expect(copied).toContain(`${workspace}/${part}`)
  }
  for (const workspace of others) expect(copied).toContain(`${workspace}/package.json`)
  expect(removedIn(stageNamed(stages, 'dependencies')).sort()).toEqual(
    others.flatMap((workspace) => [workspace, `node_modules/@valence/${workspace}`]).sort(),
  )
})

test('the builder receives what is copied, and nothing else', () => {
  const ignored = readRepositoryFile('deploy/docker/Dockerfile.dockerignore')
  const lines = ignored.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const [first, ...allowed] = lines
  expect(first).toBe('**')
  expect(allowed.map((line) => line.replace(/^!/, '')).sort()).toEqual(
    [...new Set(fromContext.flatMap(({ sources }) => sources))].sort(),
  )
})

test('no source, test or development tool reaches the image', () => {
  const targets = image.copies.map(({ target }) => target)
  expect(targets.filter((target) => /src|test|training|bench/.test(target))).toEqual([])
  const installs = stages.flatMap(({ instructions }) =>
    instructions.filter(({ arguments: words }) => words.includes('ci')).map(({ arguments: words }) => words.join(' ')),
  )
  expect(installs).toHaveLength(2)
  for (const install of installs) expect(install).toContain('--ignore-scripts')
  expect(installs[1]).toContain('--omit=dev')
})

test('runs without privileges, the role chosen by the command', () => {
  expect(only(image, 'USER')).toEqual(['1000:1000'])
  expect(only(image, 'ENTRYPOINT')).toEqual(['valence'])
  const [command] = only(image, 'CMD')
  expect(commands.map(({ usage }) => usage)).toContain(command)
})

test('its environment is a valid configuration that answers from outside the container', () => {
  const config = readConfig({ ...environment(), VALENCE_AUTH_MODE: 'none', VALENCE_AUTH_ALLOW_INSECURE: 'true' })
  expect([config.adminHost, config.httpHost]).toEqual(['0.0.0.0', '0.0.0.0'])
  expect(only(image, 'EXPOSE')).toEqual([String(config.httpPort), String(config.adminPort)])
  expect(environment().ORT_DISABLE_TELEMETRY).toBe('1')
})

test('the health check asks a path of the admin port', () => {
  const [program, script, path] = only(image, 'HEALTHCHECK')
  expect([program, script]).toEqual(['node', '/opt/valence/healthcheck.mjs'])
  expect(readRepositoryFile('processor/src/observability/admin-server.ts')).toContain(`'${path}'`)
})
