import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { KeeperReport, KeeperRequest, PartEnd } from './keeper-protocol.ts'

export interface PartCommand {
  /** For people: `kafka 1`. */
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
  /** Resolves, never rejects, once the process is gone. */
  readonly ended: Promise<PartEnd>
  /** Resolves once the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Asks it to end by SIGTERM, and kills it where it is still there after `graceMs`. Resolves once it is gone. */
  stop(graceMs: number): Promise<void>
}

interface Pending {
  readonly started: (pid: number) => void
  readonly ended: (end: PartEnd) => void
}

export interface KeeperOptions {
  /** Removed when the keeper ends. */
  readonly ownedFolder?: string | undefined
  /** A started part ended without having been killed through here. */
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
 * Starts parts that cannot outlive this process, see `keeper.ts`. The keeper leads a process group of its own, so a
 * Ctrl-C in the terminal does not reach the parts before their users have stopped.
 */
export class KeeperClient {
  readonly #keeper: ChildProcess
  readonly #ownedFolder: string | undefined
  readonly #onUnexpectedEnd: (part: Part, end: PartEnd) => void
  readonly #pending = new Map<number, Pending>()
  readonly #gone: Promise<void>
  #nextId = 1
  #awaited = 0
  #closing = false

  constructor({ ownedFolder, onUnexpectedEnd = () => {} }: KeeperOptions = {}) {
    this.#ownedFolder = ownedFolder
    this.#onUnexpectedEnd = onUnexpectedEnd
    this.#keeper = fork(
      fileURLToPath(new URL('keeper.ts', import.meta.url)),
      ownedFolder === undefined ? [] : [ownedFolder],
      {
        detached: true,
        execArgv: ['--disable-warning=ExperimentalWarning'],
        env: { ...process.env, NODE_OPTIONS: '' },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    )
    this.#keeper.on('message', (report: KeeperReport) => this.#receive(report))
    this.#gone = once(this.#keeper, 'exit').then(() => this.#bury())
    // A stack that nobody stops must not keep its user's process alive: the keeper clears up after it.
    this.#keeper.unref()
    this.#keeper.channel?.unref()
  }

  get pid(): number | undefined {
    return this.#keeper.pid
  }

  /** Starts what is to run until it is killed; rejects when the command cannot be started at all. */
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

  /** Runs a command to its end; rejects only when it cannot be started. */
  async run(part: PartCommand): Promise<{ code: number | null; output: string }> {
    const running = await this.#start(part)
    const { code } = await this.#busy(running.ended)
    return { code, output: await readFile(part.log, 'utf8') }
  }

  /** Kills every part, removes the folder; resolves once all are gone. */
  async close(): Promise<void> {
    this.#closing = true
    if (this.#keeper.connected) this.#keeper.disconnect()
    this.#keeper.ref()
    const overdue = setTimeout(() => this.#keeper.kill('SIGKILL'), closeTimeoutMs)
    await this.#gone
    clearTimeout(overdue)
  }

  #send(request: KeeperRequest): void {
    if (this.#keeper.connected) this.#keeper.send(request)
    else this.#receive({ type: 'ended', id: request.id, end: stopped })
  }

  #receive(report: KeeperReport): void {
    const pending = this.#pending.get(report.id)
    if (report.type === 'started') {
      pending?.started(report.pid)
    } else {
      this.#pending.delete(report.id)
      pending?.ended(report.end)
    }
  }

  /** While something is awaited, the channel counts as work, else this process could end in the middle of it. */
  async #busy<T>(work: Promise<T>): Promise<T> {
    const channel = this.#keeper.channel
    if (this.#awaited++ === 0) channel?.ref()
    try {
      return await work
    } finally {
      if (--this.#awaited === 0) channel?.unref()
    }
  }

  /** The keeper is gone; if it was killed from outside, its parts are still there, in its process group. */
  async #bury(): Promise<void> {
    try {
      if (this.#keeper.pid !== undefined) process.kill(-this.#keeper.pid, 'SIGKILL')
    } catch (error) {
      // No such group, or (on macOS) one of zombies alone: nothing is left to kill.
      if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
    if (this.#ownedFolder !== undefined) await rm(this.#ownedFolder, { recursive: true, force: true, maxRetries: 5 })
    const end = this.#closing ? stopped : { code: null, reason: 'the keeper of the stack ended' }
    for (const id of [...this.#pending.keys()]) this.#receive({ type: 'ended', id, end })
  }
}
