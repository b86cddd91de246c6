/**
 * The keeper of one stack: a process that starts the parts and outlives whoever asked for them by an instant.
 * However that one ends (return, exception, Ctrl-C, SIGKILL), the system closes the channel to it; then the keeper kills
 * every part, removes the folder and dies with its whole process group. Started by `keeper-client.ts`, never by hand.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { KeeperReport, KeeperRequest } from './keeper-protocol.ts'

const ownedFolder = process.argv[2]
const parts = new Map<number, ChildProcess>()
let ending = false

function report(message: KeeperReport): void {
  // The one who asked may be gone already; 'disconnect' follows and is the real news.
  if (process.connected) process.send?.(message, () => {})
}

function start(request: KeeperRequest & { type: 'start' }): void {
  if (ending) return
  const log = openSync(request.log, 'a')
  const part = spawn(request.command, [...request.args], {
    cwd: request.directory,
    env: { ...process.env, ...request.environment },
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  if (part.pid !== undefined) {
    parts.set(request.id, part)
    report({ type: 'started', id: request.id, pid: part.pid })
  }
  part.once('error', (error) => {
    if (part.pid === undefined) report({ type: 'ended', id: request.id, end: { code: null, reason: error.message } })
  })
  part.once('exit', (code, signal) => {
    parts.delete(request.id)
    report({ type: 'ended', id: request.id, end: { code, reason: signal ?? `exit code ${code}` } })
  })
}

async function end(): Promise<void> {
  if (ending) return
  ending = true
  const ends = [...parts.values()].map((part) => new Promise((resolve) => part.once('exit', resolve)))
  for (const part of parts.values()) part.kill('SIGKILL')
  await Promise.all(ends)
  if (ownedFolder !== undefined) await rm(ownedFolder, { recursive: true, force: true, maxRetries: 5 })
  // Takes along what a part may have started itself: all of it is in the group that this process leads.
  process.kill(-process.pid, 'SIGKILL')
}

process.on('message', (request: KeeperRequest) => {
  if (request.type === 'start') start(request)
  else parts.get(request.id)?.kill(request.signal)
})
process.on('disconnect', end)
process.on('SIGTERM', end)
// A Ctrl-C is for the one who asked; this process follows it down through the channel.
process.on('SIGINT', () => {})
process.on('SIGHUP', () => {})
