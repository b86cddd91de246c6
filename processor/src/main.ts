import { setTimeout as delay } from 'node:timers/promises'
import { runCli } from './cli/cli.ts'
import { redact } from './config/redaction.ts'
import { readMachine } from './doctor/machine.ts'
import { isInNativeCode } from './inference/native-threads.ts'

// The ONNX runtime would report its use to its makers; it reads this when it is first loaded, which is later.
process.env.ORT_DISABLE_TELEMETRY ??= '1'

// The only file that touches the process itself; everything below gets what it needs handed in.
const stop = new AbortController()

/** Node would wait for a thread that hangs in native code, deaf to every signal: then only force ends the process. */
function exit(code: number | undefined): never {
  if (isInNativeCode()) process.kill(process.pid, 'SIGKILL')
  process.exit(code)
}

/** Gives threads that hang, and may yet be about to come back, the time to do so. */
async function lateThreads(): Promise<void> {
  for (let waitedMs = 0; isInNativeCode() && waitedMs < 1_000; waitedMs += 20) await delay(20)
}

function onSignal(): void {
  if (stop.signal.aborted) exit(130)
  stop.abort()
}

// Libraries report to the console: OpenTelemetry what a collector answered, its address included.
const { stderr } = process
const writeError = stderr.write.bind(stderr) as (chunk: unknown, ...rest: unknown[]) => boolean
stderr.write = (chunk: unknown, ...rest: unknown[]) =>
  writeError(typeof chunk === 'string' ? redact(chunk) : chunk, ...rest)

// Node would print what was thrown as it is, URLs with credentials in it included.
process.on('uncaughtException', (error) => {
  process.stderr.write(`${redact(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`)
  exit(1)
})
process.on('SIGINT', onSignal)
process.on('SIGTERM', onSignal)
// A reader that closes early (`valence consume | head`) ends the command; it is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

process.exitCode = await runCli(process.argv.slice(2), {
  environment: process.env,
  machine: readMachine,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
  exit,
})
// A half-closed socket or a worker must not keep a finished command alive; what it printed must still arrive.
process.stdout.write('', () => void lateThreads().then(() => exit(Number(process.exitCode))))
