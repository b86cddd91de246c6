import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import lockfile from 'proper-lockfile'
import { dropSettings, ignoredSettings } from './drop-settings.ts'
import { assertAnswers } from './environment-provider.ts'
import { awaitEnd, isRunning } from './running-process.ts'
import type { DaemonReport } from './stack-daemon.ts'
import { StackError } from './stack-error.ts'
import { StackFile, type StackRecord } from './stack-file.ts'
import { readStackRequest } from './stack-request.ts'

const usage = `usage: node deploy/local/cli.ts up | down | status

  up      starts Kafka, a schema registry and Redis, leaves them running, and writes .stack/env
          KAFKA_NODES=3 gives three brokers; KAFKA_PORT, REGISTRY_PORT and REDIS_PORT fix the ports
          example: KAFKA_NODES=3 KAFKA_PORT=9092 node deploy/local/cli.ts up
          then: set -a; . .stack/env; set +a
  down    stops them and removes .stack
  status  tells whether they run; exit status 1 when they do not
`

const daemon = fileURLToPath(new URL('stack-daemon.ts', import.meta.url))
const stopTimeoutMs = 30_000
const file = new StackFile(process.env.VALENCE_LOCAL_ROOT || undefined)

// A reader that closes early (`status | head -1`) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

const say = (line: string) => process.stderr.write(`stack: ${line}\n`)

function printEnvironment(record: StackRecord): void {
  for (const [name, value] of Object.entries(record.environment)) process.stdout.write(`${name}=${value}\n`)
}

async function runningStack(): Promise<StackRecord | undefined> {
  const record = await file.read()
  return record !== undefined && (await isRunning(record.pid, 'stack-daemon.ts')) ? record : undefined
}

function brokerCount(record: StackRecord): number {
  return record.environment.VALENCE_KAFKA_BROKERS?.split(',').length ?? 0
}

/** Resolves when the daemon reports that the stack answers; a Ctrl-C before that ends the daemon too. */
function startDaemon(): Promise<void> {
  const log = openSync(file.log, 'a')
  const child = spawn(process.execPath, [daemon, file.root], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  })
  closeSync(log)
  return new Promise((resolve, reject) => {
    child.on('message', (report: DaemonReport) => {
      if (report.type === 'progress') say(report.line)
      if (report.type === 'failed') reject(new Error(report.message))
      if (report.type === 'ready') {
        child.disconnect()
        child.unref()
        resolve()
      }
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`the daemon ended (${signal ?? code}); see ${file.log}`)))
  })
}

async function up(): Promise<void> {
  const { kafkaNodes } = readStackRequest(process.env)
  await file.create()
  const release = await lockfile.lock(file.folder, {
    lockfilePath: file.lock,
    retries: { forever: true, minTimeout: 200, maxTimeout: 1000 },
  })
  try {
    const running = await runningStack()
    if (running === undefined) {
      const ignored = ignoredSettings(dropSettings(process.env))
      if (ignored !== undefined) say(ignored)
      await startDaemon()
    } else if (process.env.KAFKA_NODES && brokerCount(running) !== kafkaNodes) {
      throw new StackError(`The stack is up with ${brokerCount(running)} broker(s), not ${kafkaNodes}`, [
        'run `down` first',
      ])
    } else {
      await assertAnswers(running.environment)
      say('already up')
    }
  } finally {
    await release()
  }
  const record = await file.read()
  if (record !== undefined) printEnvironment(record)
}

async function down(): Promise<void> {
  const record = await runningStack()
  if (record !== undefined) {
    process.kill(record.pid, 'SIGTERM')
    if (!(await awaitEnd(record.pid, 'stack-daemon.ts', stopTimeoutMs))) {
      // Its supervisor then stops the parts.
      process.kill(record.pid, 'SIGKILL')
    }
  }
  await file.remove()
  say(record === undefined ? 'was not up' : 'down')
}

async function status(): Promise<void> {
  const record = await runningStack()
  if (record === undefined) {
    say('not up')
    process.exitCode = 1
    return
  }
  await assertAnswers(record.environment)
  say(`up (${record.provider}, process ${record.pid})`)
  printEnvironment(record)
}

const commands: Readonly<Record<string, () => Promise<void>>> = { up, down, status }

const [name = '', ...rest] = process.argv.slice(2)
const command = commands[name]
if (name === '--help' || name === '-h') {
  process.stdout.write(usage)
} else if (command === undefined || rest.length > 0) {
  process.stderr.write(usage)
  process.exitCode = 2
} else {
  try {
    await command()
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  }
}
