import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

export interface PoolOptions {
  /** Starts a process. `place` is its index, unique among the running processes. */
  readonly start: (place: number) => ChildProcess
  readonly onExit: (place: number, code: number | null, signal: NodeJS.Signals | null) => void
  /** Delay before a process that exited unexpectedly is restarted. */
  readonly restartAfterMs: number
}

interface Place {
  readonly child: ChildProcess
  readonly exited: Promise<unknown>
  isStopping: boolean
}

/** Keeps a set number of identical processes: starts missing ones, stops surplus ones, restarts exited ones. */
export class ProcessorPool {
  readonly #options: PoolOptions
  readonly #places = new Map<number, Place>()
  #wanted = 0

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /** Number of processes that run and are not being stopped. */
  get running(): number {
    return [...this.#places.values()].filter(({ isStopping }) => !isStopping).length
  }

  resize(wanted: number): void {
    this.#wanted = wanted
    for (const [, own] of [...this.#places].sort(([a], [b]) => b - a)) {
      if (this.running <= wanted) break
      if (own.isStopping) continue
      own.isStopping = true
      own.child.kill('SIGTERM')
    }
    while (this.running < wanted) this.#start()
  }

  async close(): Promise<void> {
    this.#wanted = 0
    this.resize(0)
    await Promise.all([...this.#places.values()].map(({ exited }) => exited))
  }

  #start(): void {
    let place = 0
    while (this.#places.has(place)) place += 1
    const child = this.#options.start(place)
    const exited = once(child, 'exit').then(([code, signal]) => this.#ended(place, code, signal))
    this.#places.set(place, { child, exited, isStopping: false })
  }

  #ended(place: number, code: number | null, signal: NodeJS.Signals | null): void {
    this.#places.delete(place)
    this.#options.onExit(place, code, signal)
    const again = setTimeout(() => this.resize(this.#wanted), this.#options.restartAfterMs)
    again.unref()
  }
}
