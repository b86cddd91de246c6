import { spawn } from 'node:child_process'
import { expect, onTestFinished, test, vi } from 'vitest'
import { awaitEnd, isRunning } from '../../../local/running-process.ts'

async function sleeper(): Promise<{ pid: number; kill: () => boolean }> {
  const child = spawn('sleep', ['321'])
  onTestFinished(() => void child.kill('SIGKILL'))
  const pid = child.pid ?? 0
  // Between fork and exec the process still carries the command line of this one.
  await vi.waitFor(async () => expect(await isRunning(pid, '321')).toBe(true))
  return { pid, kill: () => child.kill('SIGKILL') }
}

test('a process is known by its id and its command line together', async () => {
  const { pid } = await sleeper()
  expect(await isRunning(pid, 'sleep')).toBe(true)
  expect(await isRunning(pid, 'stack-daemon.ts')).toBe(false)
})

test('waits for the end, but not for ever', async () => {
  const { pid, kill } = await sleeper()
  expect(await awaitEnd(pid, 'sleep', 60)).toBe(false)
  kill()
  expect(await awaitEnd(pid, 'sleep', 4000)).toBe(true)
  expect(await isRunning(pid, 'sleep')).toBe(false)
})
