import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const cli = fileURLToPath(new URL('../../../local/cli.ts', import.meta.url))

interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, ...args], { env: { ...process.env, ...environment } }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? 128), stdout, stderr })
    })
  })
}

test.each([[[]], [['start']], [['up', 'now']]])('%o is wrong usage', async (args) => {
  const { status, stderr } = await run(args)
  expect(status).toBe(2)
  expect(stderr).toContain('usage: node deploy/local/cli.ts up | down | status')
})

test('--help prints the usage with an example', async () => {
  const { status, stdout } = await run(['--help'])
  expect(status).toBe(0)
  expect(stdout).toContain('example: KAFKA_NODES=3')
})

test('nothing is up: status fails, down has nothing to do', async () => {
  const VALENCE_LOCAL_ROOT = await temporaryFolder()
  expect(await run(['status'], { VALENCE_LOCAL_ROOT })).toMatchObject({ status: 1, stderr: 'stack: not up\n' })
  expect(await run(['down'], { VALENCE_LOCAL_ROOT })).toMatchObject({ status: 0, stderr: 'stack: was not up\n' })
})

test('an impossible request fails before anything starts', async () => {
  const VALENCE_LOCAL_ROOT = await temporaryFolder()
  const { status, stderr } = await run(['up'], { VALENCE_LOCAL_ROOT, KAFKA_NODES: '2' })
  expect(status).toBe(1)
  expect(stderr).toContain('KAFKA_NODES=2 is not possible')
  expect(existsSync(join(VALENCE_LOCAL_ROOT, '.stack'))).toBe(false)
})

test('the record of a process that is someone else by now is not believed, and its process not touched', async () => {
  const VALENCE_LOCAL_ROOT = await temporaryFolder()
  const stranger = spawn('sleep', ['60'])
  onTestFinished(() => void stranger.kill())
  await mkdir(join(VALENCE_LOCAL_ROOT, '.stack'))
  const record = { pid: stranger.pid, provider: 'processes', environment: {} }
  await writeFile(join(VALENCE_LOCAL_ROOT, '.stack', 'stack.json'), JSON.stringify(record))
  expect((await run(['status'], { VALENCE_LOCAL_ROOT })).status).toBe(1)
  expect((await run(['down'], { VALENCE_LOCAL_ROOT })).status).toBe(0)
  expect(stranger.exitCode ?? stranger.signalCode).toBeNull()
  expect(existsSync(join(VALENCE_LOCAL_ROOT, '.stack'))).toBe(false)
})
