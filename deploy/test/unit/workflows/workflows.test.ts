import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readRepositoryFile, repositoryRoot } from '../../support/repository.ts'

interface Step {
  readonly name?: string
  readonly uses?: string
  readonly run?: string
  readonly if?: string
  readonly with?: Readonly<Record<string, unknown>>
}

interface Job {
  readonly uses?: string
  readonly environment?: { readonly name: string }
  readonly permissions?: Readonly<Record<string, string>>
  readonly 'timeout-minutes'?: number
  readonly steps?: readonly Step[]
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions: unknown
  readonly jobs: Readonly<Record<string, Job>>
}

const folder = '.github/workflows'
const names = readdirSync(join(repositoryRoot, folder)).sort()
const workflows = names.map((name) => {
  const text = readRepositoryFile(`${folder}/${name}`)
  return { name, text, workflow: parse(text) as Workflow }
})

function jobsOf({ workflow }: (typeof workflows)[number]): Job[] {
  return Object.values(workflow.jobs)
}

function stepsOf(file: (typeof workflows)[number]): readonly Step[] {
  return jobsOf(file).flatMap(({ steps = [] }) => steps)
}

function named(name: string) {
  const file = workflows.find((candidate) => candidate.name === name)
  if (file === undefined) throw new Error(`there is no workflow ${name}`)
  return file
}

test('there is one for each way from a commit to production', () => {
  expect(names).toEqual(['ci.yml', 'deploy-production.yml', 'deploy-staging.yml', 'release.yml'])
})

describe.each(workflows)('$name', (file) => {
  test('takes no rights but those its jobs name, and none to write code', () => {
    expect(file.workflow.permissions).toEqual({})
    for (const job of jobsOf(file)) {
      expect(job.permissions?.contents).toBe('read')
      const rights = Object.entries(job.permissions ?? {}).filter(([, right]) => right === 'write')
      expect(rights.filter(([name]) => name !== 'packages' && name !== 'id-token')).toEqual([])
      if (file.name !== 'release.yml') expect(rights).toEqual([])
    }
    expect(Object.keys(file.workflow.on)).not.toContain('pull_request_target')
  })

  test('uses actions by commit, with the version beside it', () => {
    const uses = file.text.split('\n').filter((line) => /^\s*(- )?uses:/.test(line))
    for (const line of uses.filter((line) => !line.includes('uses: ./'))) {
      expect(line).toMatch(/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
    }
  })

  test('uses one commit of each action, the same everywhere', () => {
    const all = workflows.flatMap(({ text }) => text.match(/uses: [\w./-]+@[0-9a-f]{40} # \S+/g) ?? [])
    const commits = new Map<string, Set<string>>()
    for (const use of all) {
      const [, action = '', commit = ''] = /uses: ([^@]+)@(.+)/.exec(use) ?? []
      commits.set(action, (commits.get(action) ?? new Set()).add(commit))
    }
    for (const [action, versions] of commits) expect([...versions], action).toHaveLength(1)
  })

  test('ends in time, and leaves no credentials in the checkout', () => {
    for (const job of jobsOf(file)) if (job.uses === undefined) expect(job['timeout-minutes']).toBeGreaterThan(0)
    for (const step of stepsOf(file)) {
      if (step.uses?.startsWith('actions/checkout@')) expect(step.with?.['persist-credentials']).toBe(false)
    }
  })

  test('puts nothing that others write into a script', () => {
    for (const { run = '' } of stepsOf(file)) expect(run).not.toMatch(/\$\{\{/)
  })

  test('names files that exist', () => {
    for (const { run = '' } of stepsOf(file)) {
      for (const path of run.match(/(?<![\w./])(deploy|\.ci)\/[\w./-]+/g) ?? []) {
        expect(existsSync(join(repositoryRoot, path)), path).toBe(true)
      }
    }
    for (const { uses } of jobsOf(file)) if (uses) expect(names).toContain(uses.replace(`./${folder}/`, ''))
  })
})

test('CI is what anyone can run', () => {
  expect(stepsOf(named('ci.yml')).map(({ run }) => run)).toContain('.ci/run')
})

test('what is released was tested, is signed and says what it is made of', () => {
  const { workflow, text } = named('release.yml')
  expect(workflow.jobs.ci?.uses).toBe('./.github/workflows/ci.yml')
  for (const command of ['--sbom=true', 'cosign sign', 'cosign attest', 'helm push']) expect(text).toContain(command)
  expect(workflow.jobs.image?.permissions?.['id-token']).toBe('write')
})

test.each(['staging', 'production'])('%s gets only what the release signed, and the cluster is forgotten', (name) => {
  const file = named(`deploy-${name}.yml`)
  const steps = stepsOf(file)
  const verified = steps.findIndex(({ run }) => run?.includes('cosign verify'))
  const changed = steps.findIndex(({ run }) => /helm upgrade|blue-green/.test(run ?? ''))
  expect(verified).toBeGreaterThanOrEqual(0)
  expect(changed).toBeGreaterThan(verified)
  expect(steps.at(-1)).toMatchObject({ if: 'always()', run: expect.stringContaining('rm -f') })
  expect(jobsOf(file)[0]?.environment?.name).toBe(name)
})

test('nothing goes to production by itself', () => {
  expect(Object.keys(named('deploy-production.yml').workflow.on)).toEqual(['workflow_dispatch'])
})

test('chart, image and packages have one version', () => {
  const { version } = JSON.parse(readRepositoryFile('package.json')) as { version: string }
  const chart = parse(readRepositoryFile('deploy/helm/valence/Chart.yaml')) as { version: string; appVersion: string }
  expect([chart.version, chart.appVersion]).toEqual([version, version])
})

const folders = (process.env.PATH ?? '').split(delimiter).filter((path) => path !== '')
const actionlint = folders.map((path) => join(path, 'actionlint')).find((path) => existsSync(path))

test.skipIf(actionlint === undefined)('actionlint has nothing to say (where it is on the PATH)', async () => {
  const paths = names.map((name) => join(repositoryRoot, folder, name))
  const { stdout } = await promisify(execFile)(actionlint ?? '', paths, { cwd: repositoryRoot })
  expect(stdout).toBe('')
})
