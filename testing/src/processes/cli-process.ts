import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { endWithWorker } from './end-with-worker.ts'

const bin = fileURLToPath(new URL('../../../processor/bin/valence.js', import.meta.url))

export interface CliOutput {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliStart {
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** What standard input holds; without it, it is empty. */
  readonly input?: string | Buffer | undefined
}

const running = new Set<ChildProcess>()

/** `valence …` as a process of its own, built from this tree. */
export function startCli(args: readonly string[], { environment = {}, input }: CliStart = {}) {
  const child = spawn(process.execPath, [bin, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  endWithWorker(child)
  running.add(child)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  // A command that ends without reading its input is no fault of the test.
  child.stdin.on('error', () => undefined)
  if (input !== undefined) child.stdin.end(input)
  const ended = once(child, 'close').then(([code, signal]): CliOutput => {
    running.delete(child)
    return { code, signal, stdout, stderr }
  })
  return { child, ended }
}

/** Runs a command to its end. */
export function runCliProcess(args: readonly string[], start: CliStart = {}): Promise<CliOutput> {
  return startCli(args, { input: '', ...start }).ended
}

/** Runs a command that must succeed, and parses the JSON it prints. */
export async function runCliJson<T>(args: readonly string[], start: CliStart = {}): Promise<T> {
  const { code, stdout, stderr } = await runCliProcess([...args, '--json'], start)
  if (code !== 0) throw new Error(`valence ${args.join(' ')} ended with ${code}:\n${stderr}`)
  return JSON.parse(stdout) as T
}

export function killAllCommands(): void {
  for (const child of running) child.kill('SIGKILL')
}
