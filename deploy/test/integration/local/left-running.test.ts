import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { probeRegistry } from '../../../local/registry-process.ts'
import { survivors } from '../../support/process-state.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const repository = fileURLToPath(new URL('../../../..', import.meta.url))

interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** A clone in a folder whose name has a space, with the packages of this one. */
async function cloneStack() {
  const clone = join(await temporaryFolder(), 'a clone')
  await mkdir(join(clone, 'deploy'), { recursive: true })
  await cp(join(repository, 'deploy', 'local'), join(clone, 'deploy', 'local'), { recursive: true })
  await symlink(join(repository, 'node_modules'), join(clone, 'node_modules'))
  const cli = join(clone, 'deploy', 'local', 'cli.ts')
  const env = { ...process.env, VALENCE_KAFKA_BROKERS: '', VALENCE_LOCAL_PROVIDER: 'processes' }
  const stack = (command: string, more: Readonly<Record<string, string>> = {}): Promise<Outcome> =>
    new Promise((resolve) => {
      execFile(process.execPath, [cli, command], { env: { ...env, ...more } }, (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code ?? 128), stdout, stderr })
      })
    })
  onTestFinished(async () => void (await stack('down')))
  const record = async () => JSON.parse(await readFile(join(clone, '.stack', 'stack.json'), 'utf8')) as { pid: number }
  return { clone, stack, record }
}

test('up leaves a stack running, once; down stops it and removes .stack', async () => {
  const { clone, stack, record } = await cloneStack()
  const [first, second] = await Promise.all([stack('up'), stack('up')])
  expect([first.status, second.status], first.stderr + second.stderr).toEqual([0, 0])
  expect(first.stdout).toBe(second.stdout)
  expect([first, second].filter(({ stderr }) => stderr.includes('already up'))).toHaveLength(1)

  const env = await readFile(join(clone, '.stack', 'env'), 'utf8')
  expect(env).toBe(first.stdout)
  const settings = Object.fromEntries(
    env
      .trim()
      .split('\n')
      .map((line) => line.split(/=(.*)/s, 2) as [string, string]),
  )
  expect(settings.VALENCE_KAFKA_BROKERS).toMatch(/^127\.0\.0\.1:\d+$/)
  await probeRegistry(settings.VALENCE_SCHEMA_REGISTRY_URL ?? '')

  expect(await stack('up', { KAFKA_NODES: '3' })).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('The stack is up with 1 broker(s), not 3'),
  })
  expect((await stack('status')).status).toBe(0)
  const { pid } = await record()
  expect((await stack('down')).status).toBe(0)
  expect(existsSync(join(clone, '.stack'))).toBe(false)
  expect(await survivors([pid], 5000)).toEqual([])
  await expect(probeRegistry(settings.VALENCE_SCHEMA_REGISTRY_URL ?? '')).rejects.toThrow('fetch failed')
})

test('a stack whose clone is removed ends by itself', async () => {
  const { clone, stack, record } = await cloneStack()
  expect((await stack('up')).status).toBe(0)
  const { pid } = await record()
  await rm(clone, { recursive: true })
  expect(await survivors([pid], 10_000)).toEqual([])
})

test('up starts parts of its own in a shell that is pointed at another Kafka, and says so', async () => {
  const { stack } = await cloneStack()
  const { status, stdout, stderr } = await stack('up', {
    VALENCE_KAFKA_BROKERS: '127.0.0.1:9',
    VALENCE_OUTPUT_TOPIC: 'x',
  })
  expect(status, stderr).toBe(0)
  expect(stdout).toMatch(/VALENCE_KAFKA_BROKERS=127\.0\.0\.1:\d{4,}/)
  expect(stderr).toContain('stack: ignored, because the stack is its own: VALENCE_KAFKA_BROKERS, VALENCE_OUTPUT_TOPIC')
})
