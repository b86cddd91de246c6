import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { PartEnd, SupervisorReport, SupervisorRequest } from './supervisor-protocol.ts'

export interface PartCommand {
  /** Display name: `kafka 1`. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Working folder. */
  readonly directory: string
  readonly environment?: Readonly<Record<string, string>>
  /** File that receives both output streams. */
  readonly log: string
}

/** A running part of the stack. */
export interface Part {
  readonly name: string
  readonly pid: number
  readonly log: string
  /** Resolves when the process has ended; never rejects. */
  readonly ended: Promise<PartEnd>
  /** Resolves when the process has ended. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Sends SIGTERM, and SIGKILL after `graceMs`. Resolves when the process has ended. */
  stop(graceMs: number): Promise<void>
}

interface Pending {
  readonly started: (pid: number) => void
  readonly ended: (end: PartEnd) => void
}

export interface SupervisorOptions {
  /** Removed when the supervisor ends. */
  readonly ownedFolder?: string | undefined
  /** Called if a part ends that was not stopped or killed by this client. */
  readonly onUnexpectedEnd?: (part: Part, end: PartEnd) => void
}

const closeTimeoutMs = 15_000

const stopped: PartEnd = { code: null, reason: 'the stack was stopped' }

async function stopWithin(kill: Part['kill'], graceMs: number): Promise<void> {
  const overdue = setTimeout(() => void kill('SIGKILL'), graceMs)
  try {
    await kill('SIGTERM')
  } finally {
    clearTimeout(overdue)
  }
}

/**
 * Starts parts that cannot outlive this process, see `process-supervisor.ts`. The supervisor leads its own process
 * group, so a Ctrl-C in the terminal does not reach the parts before their users have stopped.
 */
export class SupervisorClient {
  readonly #supervisor: ChildProcess
  readonly #ownedFolder: string | undefined
  readonly #onUnexpectedEnd: (part: Part, end: PartEnd) => void
  readonly #pending = new Map<number, Pending>()
  readonly #gone: Promise<void>
  #nextId = 1
  #awaited = 0
  #closing = false

  constructor({ ownedFolder, onUnexpectedEnd = () => {} }: SupervisorOptions = {}) {
    this.#ownedFolder = ownedFolder
    this.#onUnexpectedEnd = onUnexpectedEnd
    this.#supervisor = fork(
      fileURLToPath(new URL('process-supervisor.ts', import.meta.url)),
      ownedFolder === undefined ? [] : [ownedFolder],
      {
        detached: true,
        execArgv: ['--disable-warning=ExperimentalWarning'],
        env: { ...process.env, NODE_OPTIONS: '' },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    )
    this.#supervisor.on('message', (report: SupervisorReport) => this.#receive(report))
    this.#gone = once(this.#supervisor, 'exit').then(() => this.#bury())
    // An unstopped stack must not keep this process alive: the supervisor cleans up after it.
    this.#supervisor.unref()
    this.#supervisor.channel?.unref()
  }

  get pid(): number | undefined {
    return this.#supervisor.pid
  }

  /** Starts a part that runs until it is killed; rejects if the command cannot be started. */
  async start(command: PartCommand): Promise<Part> {
    let killed = false
    const started = await this.#start(command)
    const kill = (signal: NodeJS.Signals) => {
      killed = true
      return started.kill(signal)
    }
    const part = { ...started, kill, stop: (graceMs: number) => stopWithin(kill, graceMs) }
    void part.ended.then((end) => {
      if (!killed && end !== stopped) this.#onUnexpectedEnd(part, end)
    })
    return part
  }

  async #start(part: PartCommand): Promise<Omit<Part, 'stop'>> {
    const id = this.#nextId++
    const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<PartEnd>()
    const pid = await this.#busy(
      new Promise<number>((resolve, reject) => {
        this.#pending.set(id, {
          started: resolve,
          ended: (end) => {
            reject(new Error(`${part.name} did not start: ${end.reason}`))
            resolveEnded(end)
          },
        })
        const { command, args, directory, environment = {}, log } = part
        this.#send({ type: 'start', id, command, args, directory, environment, log })
      }),
    )
    const kill = async (signal: NodeJS.Signals) => {
      this.#send({ type: 'signal', id, signal })
      await this.#busy(ended)
    }
    return { name: part.name, pid, log: part.log, ended, kill }
  }

  /** Runs a command to its end; rejects only if it cannot be started. */
  async run(part: PartCommand): Promise<{ code: number | null; output: string }> {
    const running = await this.#start(part)
    const { code } = await this.#busy(running.ended)
    return { code, output: await readFile(part.log, 'utf8') }
  }

  /** Kills every part and removes the folder; resolves when all have ended. */
  async close(): Promise<void> {
    this.#closing = true
    if (this.#supervisor.connected) this.#supervisor.disconnect()
    this.#supervisor.ref()
    const overdue = setTimeout(() => this.#supervisor.kill('SIGKILL'), closeTimeoutMs)
    await this.#gone
    clearTimeout(overdue)
  }

  #send(request: SupervisorRequest): void {
    if (this.#supervisor.connected) this.#supervisor.send(request)
    else this.#receive({ type: 'ended', id: request.id, end: stopped })
  }

  #receive(report: SupervisorReport): void {
    const pending = this.#pending.get(report.id)
    if (report.type === 'started') {
      pending?.started(report.pid)
    } else {
      this.#pending.delete(report.id)
      pending?.ended(report.end)
    }
  }

  /** While a command is awaited, the channel is referenced, so that this process does not exit before the result. */
  async #busy<T>(work: Promise<T>): Promise<T> {
    const channel = this.#supervisor.channel
    if (this.#awaited++ === 0) channel?.ref()
    try {
      return await work
    } finally {
      if (--this.#awaited === 0) channel?.unref()
    }
  }

  /** Called when the supervisor has ended; if it was killed from outside, its parts still run in its process group. */
  async #bury(): Promise<void> {
    try {
      if (this.#supervisor.pid !== undefined) process.kill(-this.#supervisor.pid, 'SIGKILL')
    } catch (error) {
      // No such group, or (on macOS) a group of zombies only: nothing to kill.
      if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
    if (this.#ownedFolder !== undefined) await rm(this.#ownedFolder, { recursive: true, force: true, maxRetries: 5 })
    const end = this.#closing ? stopped : { code: null, reason: 'the supervisor of the stack ended' }
    for (const id of [...this.#pending.keys()]) this.#receive({ type: 'ended', id, end })
  }
}
