import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../processor/bin/valence.js', import.meta.url))

export type Settings = Readonly<Record<string, string>>

/** A Valence process of a rehearsal; it logs to a file. */
export interface Service {
  readonly port: number
  readonly adminPort: number
  /** SIGTERM; resolves to the exit code. */
  stop(): Promise<number | null>
  kill(): Promise<void>
}

/** Starts `valence process` or `valence serve`; resolves when it logs that it has started. */
export async function startService(command: 'process' | 'serve', settings: Settings, log: string): Promise<Service> {
  const child = spawn(process.execPath, [bin, command], {
    env: { ...process.env, VALENCE_ADMIN_PORT: '0', VALENCE_HTTP_PORT: '0', ...settings },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(child, 'exit')
  child.stderr.pipe(createWriteStream(log))
  const started = new Promise<{ port?: number; adminPort?: number }>((resolve) => {
    createInterface(child.stderr).on('line', (line) => {
      if (/"msg":"(processor|facade) started"/.test(line)) resolve(JSON.parse(line))
    })
  })
  const first = await Promise.race([started, ended.then(() => undefined)])
  if (first === undefined) {
    throw new Error(`valence ${command} ended with ${child.exitCode}:\n${(await readFile(log, 'utf8')).slice(-4_000)}`)
  }
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await ended
    return child.exitCode
  }
  return {
    port: first.port ?? 0,
    adminPort: first.adminPort ?? 0,
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
  }
}

/** Runs a CLI command to its end and returns its output. */
export async function runValence(settings: Settings, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [bin, ...args], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const output = child.stdout.setEncoding('utf8').toArray()
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`valence ${args.join(' ')} ended with ${code}`)
  return (await output).join('')
}
