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
  // Exits with 1 when there is no such process.
  const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }))
  return stdout
}

/** The process exists and its command line names `marker`: a process id alone may belong to a stranger by now. */
export async function isRunning(pid: number, marker: string): Promise<boolean> {
  return (await commandLineOf(pid)).includes(marker)
}

/** Resolves to false when the process is still there after `timeoutMs`. */
export async function awaitEnd(pid: number, marker: string, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (await isRunning(pid, marker)) {
    if (Date.now() > deadline) return false
    await delay(50)
  }
  return true
}
