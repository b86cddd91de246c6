import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

function stateOf(pid: number): string {
  // `pid (command) state …`, where the command may hold spaces and brackets; a slim image has no ps.
  if (existsSync('/proc/self/stat')) return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '')
  return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
}

/** The process exists and is no zombie: one that ended, but that its parent (or process 1) has not looked at yet. */
export function isAlive(pid: number): boolean {
  try {
    return !stateOf(pid).startsWith('Z')
  } catch {
    return false
  }
}

/** Waits until all of the processes are gone; resolves to those that are still there when time is up. */
export async function survivors(pids: readonly number[], timeoutMs: number): Promise<number[]> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const alive = pids.filter(isAlive)
    if (alive.length === 0 || Date.now() > deadline) return alive
    await delay(20)
  }
}
