import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, it, onTestFinished } from 'vitest'

const support = new URL('../../../src/processes/end-with-worker.ts', import.meta.url).href

/** Starts two processes that sleep, kills the first, and says the ids of both. */
const worker = `
  const { spawn } = await import('node:child_process')
  const { endWithWorker } = await import('${support}')
  const children = [1, 2].map(() => spawn('sleep', ['600'], { stdio: 'ignore' }))
  for (const child of children) endWithWorker(child)
  children[0].once('exit', () => console.log(children.map(({ pid }) => pid).join(' ')))
  children[0].kill('SIGKILL')
`

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('no process of a worker outlives its %s', async (signal) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', worker], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const [first, second] = line.split(' ').map(Number) as [number, number]
  onTestFinished(() => {
    if (isThere(second)) process.kill(second, 'SIGKILL')
  })
  expect([isThere(first), isThere(second)]).toEqual([false, true])
  child.kill(signal)
  await expect.poll(() => isThere(second)).toBe(false)
})
