import { ValenceError } from '@valence/schemas'
import type { CloseOptions, InferenceBackend, TokenBatch } from './backend.ts'
import type { GraphSpec } from './graph-session.ts'
import { type InferenceJob, type LossReason, WorkerSlot } from './worker-slot.ts'

/** What the pool tells whoever watches it. Each is optional; none may throw. */
export interface PoolObserver {
  /** Milliseconds a batch spent in the graph. */
  inferred?(inferMs: number): void
  workersReady?(count: number): void
  workerLost?(reason: LossReason, detail: string): void
  /** Threads that were given up but do not end, because native code hangs in them: only a new process frees them. */
  workersStuck?(count: number): void
}

export interface WorkerPoolOptions {
  readonly workers: number
  /** Longest time one batch may run before its worker is replaced. */
  readonly timeoutMs: number
  readonly startTimeoutMs?: number
  /** Wait before the second replacement in a row of one seat; doubles up to `restartMaxMs`. The first is immediate. */
  readonly restartMs?: number
  readonly restartMaxMs?: number
  /** The threads give way to every other one (Linux): for work that nobody waits for. */
  readonly background?: boolean
  readonly observer?: PoolObserver
  /** Told instead of `observer` until the pool is activated. */
  readonly trialObserver?: PoolObserver
  /** Another worker program, for tests. */
  readonly workerUrl?: URL
}

// The extension tells whether this module runs from source or from dist; the worker lies beside it either way.
const ownWorkerUrl = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

/** One batch runs, the next one already waits in the worker: it never idles for a round trip to this thread. */
const batchesPerWorker = 2

/** A worker that lived this long without loss has paid for the losses before. */
const stableMs = 10_000

/** A lost thread that has not ended after this long is stuck in native code. */
const stuckMs = 1_000

/** A seat outlives its workers: it remembers how often they were lost. */
interface Seat {
  readonly index: number
  slot: WorkerSlot | undefined
  restart: NodeJS.Timeout | undefined
  losses: number
  readySince: number
}

class WorkerPool implements InferenceBackend {
  readonly concurrency: number
  readonly #graph: GraphSpec
  readonly #options: WorkerPoolOptions
  readonly #seats: Seat[]
  readonly #queue: InferenceJob[] = []
  /** Threads that were lost and have not ended yet. */
  readonly #leaving = new Set<WorkerSlot>()
  #held = 0
  #idle: (() => void) | undefined
  #closed: Promise<void> | undefined
  #onStart: ((failure?: string) => void) | undefined
  #observer: PoolObserver | undefined

  constructor(graph: GraphSpec, options: WorkerPoolOptions) {
    this.#graph = graph
    this.#options = options
    this.#observer = options.trialObserver ?? options.observer
    this.concurrency = options.workers
    this.#seats = Array.from({ length: options.workers }, (_, index) => ({
      index,
      slot: undefined,
      restart: undefined,
      losses: 0,
      readySince: 0,
    }))
  }

  /** Starts every worker. Throws VAL_MODEL_UNUSABLE when one of them cannot open the graph. */
  async start(): Promise<void> {
    const failure = await new Promise<string | undefined>((resolve) => {
      this.#onStart = resolve
      for (const seat of this.#seats) this.#fill(seat)
    })
    this.#onStart = undefined
    if (failure === undefined) return
    await this.close({ drain: false })
    throw new ValenceError('VAL_MODEL_UNUSABLE', failure)
  }

  infer(batch: TokenBatch): Promise<Float32Array> {
    if (this.#closed) return Promise.reject(new ValenceError('VAL_INFERENCE_UNAVAILABLE', 'the backend is closed'))
    const result = new Promise<Float32Array>((resolve, reject) => {
      this.#held++
      this.#queue.push({ batch, resolve: this.#settling(resolve), reject: this.#settling(reject) })
    })
    this.#dispatch()
    return result
  }

  activate(): void {
    this.#observer = this.#options.observer
    this.#observer?.workersReady?.(this.#readyCount())
  }

  close({ drain = true }: CloseOptions = {}): Promise<void> {
    this.#closed ??= this.#shutDown()
    if (!drain) this.#abandon()
    return this.#closed
  }

  #settling<T>(settle: (value: T) => void): (value: T) => void {
    return (value) => {
      this.#held--
      settle(value)
      if (this.#held === 0) this.#idle?.()
    }
  }

  async #shutDown(): Promise<void> {
    if (this.#held > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
    for (const seat of this.#seats) clearTimeout(seat.restart)
    await Promise.all(this.#seats.map((seat) => seat.slot?.stop()))
  }

  /** Refuses what is held, so that nothing is left to wait for. */
  #abandon(): void {
    for (const { slot } of this.#seats) {
      if (slot === undefined) continue
      this.#leave(slot)
      void slot.stop(true)
    }
    this.#refuseQueue('stopped')
  }

  #fill(seat: Seat): void {
    seat.restart = undefined
    const slot = new WorkerSlot({
      graph: this.#graph,
      workerUrl: this.#options.workerUrl ?? ownWorkerUrl,
      name: `valence-inference-${seat.index}`,
      background: this.#options.background,
      timeoutMs: this.#options.timeoutMs,
      startTimeoutMs: this.#options.startTimeoutMs ?? Math.max(30_000, this.#options.timeoutMs),
      onReady: () => this.#ready(seat),
      onAnswer: (inferMs) => {
        if (inferMs !== undefined) this.#observer?.inferred?.(inferMs)
        this.#dispatch()
      },
      onLost: (reason, detail, waiting) => this.#lost(seat, reason, detail, waiting),
      onExit: () => this.#leaving.delete(slot),
    })
    seat.slot = slot
  }

  #readyCount(): number {
    return this.#seats.filter((seat) => seat.slot?.ready).length
  }

  #ready(seat: Seat): void {
    seat.readySince = performance.now()
    const count = this.#readyCount()
    this.#observer?.workersReady?.(count)
    if (count === this.#seats.length) this.#onStart?.()
    this.#dispatch()
  }

  #lost(seat: Seat, reason: LossReason, detail: string, waiting: InferenceJob[]): void {
    const wasReady = seat.readySince > 0
    if (wasReady && performance.now() - seat.readySince > stableMs) seat.losses = 0
    seat.losses++
    if (seat.slot) this.#leave(seat.slot)
    seat.slot = undefined
    seat.readySince = 0
    this.#queue.unshift(...waiting)
    this.#observer?.workersReady?.(this.#readyCount())
    this.#observer?.workerLost?.(reason, detail)
    this.#onStart?.(detail)
    this.#replace(seat)
    this.#dispatch()
  }

  #replace(seat: Seat): void {
    const { restartMs = 100, restartMaxMs = 5_000 } = this.#options
    if (this.#closed && this.#held === 0) return
    const delayMs = Math.min(restartMaxMs, restartMs * 2 ** (seat.losses - 2))
    if (seat.losses <= 1) this.#fill(seat)
    else seat.restart = setTimeout(() => this.#fill(seat), delayMs)
  }

  #leave(slot: WorkerSlot): void {
    this.#leaving.add(slot)
    setTimeout(() => {
      if (this.#leaving.has(slot)) this.#observer?.workersStuck?.(this.#leaving.size)
    }, stuckMs).unref()
  }

  /** Gives waiting batches to the least loaded workers; refuses them when no worker lives or is about to. */
  #dispatch(): void {
    while (this.#queue.length > 0) {
      const slots = this.#seats.flatMap((seat) => seat.slot ?? [])
      if (slots.length === 0) this.#refuseQueue('every worker was lost; replacements are being started')
      const free = slots.filter((slot) => slot.ready && slot.load < batchesPerWorker)
      const least = free.reduce<WorkerSlot | undefined>((a, b) => (a && a.load <= b.load ? a : b), undefined)
      const job = least && this.#queue.shift()
      if (!job) return
      least.give(job)
    }
  }

  #refuseQueue(detail: string): void {
    const error = new ValenceError('VAL_INFERENCE_UNAVAILABLE', detail)
    for (const job of this.#queue.splice(0)) job.reject(error)
  }
}

/**
 * A pool of worker threads, one graph session each; batches go to the least loaded one.
 * A worker that hangs is replaced and its batch fails with VAL_INFERENCE_TIMEOUT; one that dies is replaced and its
 * batch fails with VAL_INFERENCE_UNAVAILABLE. Throws VAL_MODEL_UNUSABLE when the graph cannot be opened.
 */
export async function createWorkerPool(graph: GraphSpec, options: WorkerPoolOptions): Promise<InferenceBackend> {
  const pool = new WorkerPool(graph, options)
  await pool.start()
  return pool
}
