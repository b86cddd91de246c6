import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type PartCommand, SupervisorClient } from '../../../local/supervisor-client.ts'
import { isAlive, survivors } from '../../support/process-state.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const userScript = fileURLToPath(new URL('../../support/supervisor-user.ts', import.meta.url))
const graceMs = 4000

function shell(folder: string, script: string): PartCommand {
  return { name: 'part', command: 'sh', args: ['-c', script], directory: folder, log: join(folder, 'part.log') }
}

async function supervisorIn(folder: string, options: ConstructorParameters<typeof SupervisorClient>[0] = {}) {
  const supervisor = new SupervisorClient(options)
  onTestFinished(() => supervisor.close())
  return { supervisor, folder }
}

interface User {
  readonly child: ChildProcess
  readonly folder: string
  readonly supervisor: number
  readonly all: readonly number[]
}

/** A process that starts parts and then ends in some way. */
async function startUser(ending: 'wait' | 'exit' | 'throw' | 'idle'): Promise<User> {
  const folder = join(await temporaryFolder(), 'owned')
  await mkdir(folder)
  const child = spawn(process.execPath, [userScript, folder, ending], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const { parts, supervisor } = JSON.parse(line) as { parts: number[]; supervisor: number }
  const grandchild = await vi.waitFor(async () => {
    if (!existsSync(folder)) return supervisor
    const text = await readFile(join(folder, 'family.log'), 'utf8')
    if (text === '') throw new Error('not yet')
    return Number(text)
  })
  return { child, folder, supervisor, all: [...parts, grandchild, supervisor] }
}

describe('no part outlives its user', () => {
  test.each(['SIGKILL', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const)('killed by %s', async (signal) => {
    const user = await startUser('wait')
    expect(user.all.filter(isAlive)).toEqual(user.all)
    user.child.kill(signal)
    expect(await survivors(user.all, graceMs)).toEqual([])
    expect(existsSync(user.folder)).toBe(false)
  })

  test.each(['exit', 'throw', 'idle'] as const)('ending by %s', async (ending) => {
    const user = await startUser(ending)
    expect(await survivors(user.all, graceMs)).toEqual([])
    expect(existsSync(user.folder)).toBe(false)
  })

  test('when the supervisor itself is killed, its user takes the parts down', async () => {
    const user = await startUser('wait')
    onTestFinished(() => void user.child.kill('SIGKILL'))
    process.kill(user.supervisor, 'SIGKILL')
    expect(await survivors(user.all, graceMs)).toEqual([])
    await vi.waitFor(() => expect(existsSync(user.folder)).toBe(false))
  })
})

test('runs a command to its end and gives its status and both output streams', async () => {
  const { supervisor, folder } = await supervisorIn(await temporaryFolder())
  const command = shell(folder, 'echo "$GREETING"; echo trouble >&2; pwd; exit 3')
  const result = await supervisor.run({ ...command, environment: { GREETING: 'hello there' } })
  expect(result).toEqual({ code: 3, output: `hello there\ntrouble\n${folder}\n` })
})

test('a command that does not exist rejects and names it', async () => {
  const { supervisor, folder } = await supervisorIn(await temporaryFolder())
  const command = { ...shell(folder, ''), name: 'ghost', command: 'valence-no-such-command' }
  await expect(supervisor.start(command)).rejects.toThrow(/ghost did not start: .*valence-no-such-command ENOENT/)
})

test('kill sends the signal and resolves once the part is gone', async () => {
  const { supervisor, folder } = await supervisorIn(await temporaryFolder())
  const part = await supervisor.start(shell(folder, 'exec sleep 300'))
  await part.kill('SIGTERM')
  expect(isAlive(part.pid)).toBe(false)
  expect(await part.ended).toEqual({ code: null, reason: 'SIGTERM' })
  await part.kill('SIGKILL')
})

test('stop asks first, and kills what does not end in time', async () => {
  const { supervisor, folder } = await supervisorIn(await temporaryFolder())
  const willing = await supervisor.start(shell(folder, 'exec sleep 300'))
  await willing.stop(60_000)
  expect(await willing.ended).toEqual({ code: null, reason: 'SIGTERM' })
  const ready = join(folder, 'ready')
  const deaf = await supervisor.start(shell(folder, "trap '' TERM; touch ready; while :; do sleep 0.1; done"))
  await vi.waitFor(() => expect(existsSync(ready)).toBe(true))
  await deaf.stop(50)
  expect(await deaf.ended).toEqual({ code: null, reason: 'SIGKILL' })
})

test('only an end that nobody asked for is reported as unexpected', async () => {
  const onUnexpectedEnd = vi.fn()
  const { supervisor, folder } = await supervisorIn(await temporaryFolder(), { onUnexpectedEnd })
  const killed = await supervisor.start(shell(folder, 'exec sleep 300'))
  await killed.kill('SIGKILL')
  await supervisor.run(shell(folder, 'exit 1'))
  const failing = await supervisor.start({ ...shell(folder, 'exit 7'), name: 'failing' })
  await failing.ended
  const surviving = await supervisor.start(shell(folder, 'exec sleep 300'))
  await supervisor.close()
  await surviving.ended
  expect(onUnexpectedEnd.mock.calls.map(([part, end]) => [part.name, end.reason])).toEqual([['failing', 'exit code 7']])
})

test('when the supervisor is killed, the parts are reported to have ended with it', async () => {
  const onUnexpectedEnd = vi.fn()
  const { supervisor, folder } = await supervisorIn(await temporaryFolder(), { onUnexpectedEnd })
  const part = await supervisor.start(shell(folder, 'exec sleep 300'))
  process.kill(supervisor.pid ?? 0, 'SIGKILL')
  expect(await part.ended).toEqual({ code: null, reason: 'the supervisor of the stack ended' })
  expect(onUnexpectedEnd).toHaveBeenCalledTimes(1)
  expect(await survivors([part.pid], graceMs)).toEqual([])
})

test('close removes the folder it owns and refuses new parts', async () => {
  const folder = join(await temporaryFolder(), 'owned')
  await mkdir(folder)
  const supervisor = new SupervisorClient({ ownedFolder: folder })
  const part = await supervisor.start(shell(folder, 'exec sleep 300'))
  await supervisor.close()
  expect(isAlive(part.pid)).toBe(false)
  expect(existsSync(folder)).toBe(false)
  await expect(supervisor.start(shell(folder, 'true'))).rejects.toThrow('the stack was stopped')
  await supervisor.close()
})
