import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

async function commandLineOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    } catch {
      return ''
    }
  }
  // Exits with code 1 if there is no such process.
  const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }))
  return stdout
}

/** Whether the process exists and its command line contains `marker`: process ids are reused. */
export async function isRunning(pid: number, marker: string): Promise<boolean> {
  return (await commandLineOf(pid)).includes(marker)
}

/** Resolves to false if the process still runs after `timeoutMs`. */
export async function awaitEnd(pid: number, marker: string, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (await isRunning(pid, marker)) {
    if (Date.now() > deadline) return false
    await delay(50)
  }
  return true
}
