import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { endWithWorker } from './end-with-worker.ts'

const bin = fileURLToPath(new URL('../../../processor/bin/valence.js', import.meta.url))

// Another model than the packaged one can be put under test.
const model = process.env.VALENCE_MODEL === undefined ? {} : { VALENCE_MODEL: process.env.VALENCE_MODEL }

const startMessages = {
  process: 'processor started',
  serve: 'facade started',
  'lag-service': 'lag service started',
  supervise: 'supervisor started',
} as const

/** Every processor still running; tests stop them all, even when they fail. */
const running = new Set<ProcessorProcess>()

type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string }

/** `valence process` as a process of its own, built from this tree, that a test can kill and start again. */
export class ProcessorProcess {
  readonly log: LogLine[] = []
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  readonly #child: ChildProcess
  readonly #waiting: { message: string; resolve: () => void }[] = []
  #output = ''

  readonly #startMessage: string

  /** @param command `process`, or another service: `serve` for the facade */
  constructor(
    environment: Readonly<Record<string, string>>,
    command: keyof typeof startMessages = 'process',
    args: readonly string[] = [],
  ) {
    this.#startMessage = startMessages[command]
    this.#child = spawn(process.execPath, [bin, command, ...args], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...model, VALENCE_ADMIN_PORT: '0', ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    endWithWorker(this.#child)
    running.add(this)
    this.exited = once(this.#child, 'exit').then(([code, signal]) => {
      running.delete(this)
      return { code, signal }
    })
    if (this.#child.stderr) createInterface(this.#child.stderr).on('line', (line) => this.#read(line))
  }

  /** Resolves when the log says so; rejects when the process ends before. */
  async logged(message: string): Promise<void> {
    if (this.log.some(({ msg }) => msg === message)) return
    const seen = new Promise<void>((resolve) => this.#waiting.push({ message, resolve }))
    const ended = this.exited.then(({ code, signal }) => {
      throw new Error(`the processor ended (${code ?? signal}) before it logged "${message}":\n${this.#output}`)
    })
    await Promise.race([seen, ended])
  }

  /** What a test waits for while the process runs; rejects with the end of its log when it ends before. */
  async whileUp<T>(work: Promise<T>): Promise<T> {
    const ended = this.exited.then(({ code, signal }): never => {
      throw new Error(`the processor ended (${code ?? signal}):\n${this.#output}`)
    })
    return await Promise.race([work, ended])
  }

  async started(): Promise<this> {
    await this.logged(this.#startMessage)
    return this
  }

  get pid(): number {
    return this.#child.pid as number
  }

  get adminPort(): number {
    return this.#portOf('adminPort')
  }

  /** The public port of a facade. */
  get port(): number {
    return this.#portOf('port')
  }

  #portOf(name: 'adminPort' | 'port'): number {
    return Number(this.log.find(({ msg }) => msg === this.#startMessage)?.[name])
  }

  /** One sample of a metric, summed over its labels that contain `labels`. */
  async metric(name: string, labels = ''): Promise<number> {
    return (await this.scrape())(name, labels)
  }

  /** All metrics of one moment. Scraping resets what is measured between two scrapes, like the event-loop delay. */
  async scrape(): Promise<(name: string, labels?: string) => number> {
    const response = await fetch(`http://127.0.0.1:${this.adminPort}/metrics`)
    const lines = (await response.text()).split('\n')
    return (name, labels = '') =>
      lines
        .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        .filter((line) => line.includes(labels))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)?.replace('Inf', 'Infinity')), 0)
  }

  /** Puts all of its threads on one core. */
  pinTo(core: number): void {
    execFileSync('/usr/bin/taskset', ['-acp', String(core), String(this.pid)], { stdio: 'ignore' })
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.exited
  }

  /** A graceful stop; the exit code must be 0. */
  async stop(): Promise<number | null> {
    this.signal('SIGTERM')
    return (await this.exited).code
  }

  #read(line: string): void {
    this.#output = `${this.#output}${line}\n`.slice(-20_000)
    try {
      this.log.push(JSON.parse(line))
    } catch {
      this.log.push({ msg: line })
    }
    const message = this.log.at(-1)?.msg
    for (const waiter of this.#waiting) if (waiter.message === message) waiter.resolve()
  }
}

export async function killAllProcessors(): Promise<void> {
  await Promise.all([...running].map((processor) => processor.kill()))
}
