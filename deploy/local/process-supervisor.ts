/**
 * The supervisor process of one stack. It starts the parts and ends them after its client has ended. However the client
 * ends (return, exception, Ctrl-C, SIGKILL), the system closes the channel to it; the supervisor then kills every part,
 * removes the folder and kills its own process group. Started by `supervisor-client.ts` only.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { SupervisorReport, SupervisorRequest } from './supervisor-protocol.ts'

const ownedFolder = process.argv[2]
const parts = new Map<number, ChildProcess>()
let ending = false

function report(message: SupervisorReport): void {
  // The client may have ended; 'disconnect' follows and is handled.
  if (process.connected) process.send?.(message, () => {})
}

function start(request: SupervisorRequest & { type: 'start' }): void {
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
  // Also kills processes that a part has started: all are in the group of this process.
  process.kill(-process.pid, 'SIGKILL')
}

process.on('message', (request: SupervisorRequest) => {
  if (request.type === 'start') start(request)
  else parts.get(request.id)?.kill(request.signal)
})
process.on('disconnect', end)
process.on('SIGTERM', end)
// A Ctrl-C is for the client; this process ends when the channel closes.
process.on('SIGINT', () => {})
process.on('SIGHUP', () => {})
