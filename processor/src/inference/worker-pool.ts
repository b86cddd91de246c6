import { ValenceError } from '@valence/schemas'
import type { CloseOptions, InferenceBackend, TokenBatch } from './backend.ts'
import type { GraphSpec } from './graph-session.ts'
import { WorkerSlot } from './worker-slot.ts'
import { type InferenceJob, type LossReason, WorkerThread } from './worker-thread.ts'

/** Callbacks of the pool. Each is optional; none may throw. */
export interface PoolObserver {
  /** Inference time of a batch, milliseconds. */
  inferred?(inferMs: number): void
  workersReady?(count: number): void
  workerLost?(reason: LossReason, detail: string): void
  /** Lost threads that do not end because they hang in native code: only a process restart frees them. */
  workersStuck?(count: number): void
}

export interface WorkerPoolOptions {
  readonly workers: number
  /** Maximum time of one batch; after it the worker is replaced. */
  readonly timeoutMs: number
  readonly startTimeoutMs?: number
  /**
   * Delay before the second consecutive replacement of a slot; doubles up to `restartMaxMs`. The first is immediate.
   */
  readonly restartMs?: number
  readonly restartMaxMs?: number
  /** Run the threads with the lowest priority (Linux): for work without a waiting caller. */
  readonly background?: boolean
  readonly observer?: PoolObserver
  /** Used instead of `observer` until the pool is activated. */
  readonly trialObserver?: PoolObserver
  /** URL of another worker program, for tests. */
  readonly workerUrl?: URL
}

// The worker is beside this module, with the same extension in source (.ts) and dist (.js).
const ownWorkerUrl = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

/** One batch runs and the next one waits in the worker, so that it does not idle during a round trip to this thread. */
const batchesPerWorker = 2

/** A lost thread that is still in native code after this long counts as stuck. */
const stuckMs = 1_000

/** Chosen, not measured: a small graph is read in less than a second, a large one from a cold disk in many seconds. */
const defaultStartTimeoutMs = 30_000

/** Chosen, not measured: a repeated crash costs at most one start every 5 s. */
const defaultRestartMs = 100
const defaultRestartMaxMs = 5_000

class WorkerPool implements InferenceBackend {
  readonly concurrency: number
  readonly #graph: GraphSpec
  readonly #options: WorkerPoolOptions
  readonly #slots: WorkerSlot[]
  readonly #queue: InferenceJob[] = []
  /** Lost threads that have not ended yet. */
  readonly #leaving = new Set<WorkerThread>()
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
    this.#slots = Array.from({ length: options.workers }, (_, index) => this.#slot(index))
  }

  /** Starts every worker. @throws VAL_MODEL_UNUSABLE if one of them cannot open the graph */
  async start(): Promise<void> {
    const failure = await new Promise<string | undefined>((resolve) => {
      this.#onStart = resolve
      for (const slot of this.#slots) slot.fill()
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
    await Promise.all(this.#slots.map((slot) => slot.close()))
  }

  /** Rejects all held batches. */
  #abandon(): void {
    for (const { thread } of this.#slots) {
      if (thread === undefined) continue
      this.#leave(thread)
      void thread.stop(true)
    }
    this.#refuseQueue('stopped')
  }

  #slot(index: number): WorkerSlot {
    const { restartMs = defaultRestartMs, restartMaxMs = defaultRestartMaxMs } = this.#options
    const slot: WorkerSlot = new WorkerSlot({ restartMs, restartMaxMs, start: () => this.#startThread(index, slot) })
    return slot
  }

  #startThread(index: number, slot: WorkerSlot): WorkerThread {
    const { workerUrl = ownWorkerUrl, background, timeoutMs, startTimeoutMs } = this.#options
    const thread = new WorkerThread({
      graph: this.#graph,
      workerUrl,
      name: `valence-inference-${index}`,
      background,
      timeoutMs,
      startTimeoutMs: startTimeoutMs ?? Math.max(defaultStartTimeoutMs, timeoutMs),
      onReady: () => this.#ready(),
      onAnswer: (inferMs) => {
        if (inferMs !== undefined) this.#observer?.inferred?.(inferMs)
        this.#dispatch()
      },
      onLost: (reason, detail, waiting) => this.#lost(slot, reason, detail, waiting),
      onExit: () => this.#leaving.delete(thread),
    })
    return thread
  }

  #readyCount(): number {
    return this.#slots.filter(({ isReady }) => isReady).length
  }

  #ready(): void {
    const count = this.#readyCount()
    this.#observer?.workersReady?.(count)
    if (count === this.#slots.length) this.#onStart?.()
    this.#dispatch()
  }

  #lost(slot: WorkerSlot, reason: LossReason, detail: string, waiting: InferenceJob[]): void {
    const thread = slot.vacate()
    if (thread) this.#leave(thread)
    this.#queue.unshift(...waiting)
    this.#observer?.workersReady?.(this.#readyCount())
    this.#observer?.workerLost?.(reason, detail)
    this.#onStart?.(detail)
    const isNeeded = this.#closed === undefined || this.#held > 0
    if (isNeeded) slot.replace()
    this.#dispatch()
  }

  #leave(thread: WorkerThread): void {
    this.#leaving.add(thread)
    setTimeout(() => {
      if (this.#leaving.has(thread) && thread.isInNativeCode) this.#observer?.workersStuck?.(this.#stuckCount())
    }, stuckMs).unref()
  }

  #stuckCount(): number {
    return [...this.#leaving].filter((thread) => thread.isInNativeCode).length
  }

  /** Gives waiting batches to the least loaded workers; rejects them if no worker runs or is about to start. */
  #dispatch(): void {
    while (this.#queue.length > 0) {
      const threads = this.#slots.flatMap((slot) => slot.thread ?? [])
      if (threads.length === 0) this.#refuseQueue('every worker was lost; replacements are being started')
      const free = threads.filter((thread) => thread.isReady && thread.load < batchesPerWorker)
      const least = free.reduce<WorkerThread | undefined>((a, b) => (a && a.load <= b.load ? a : b), undefined)
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
 * A hanging worker is replaced and its batch fails with VAL_INFERENCE_TIMEOUT; a crashed one is replaced and its batch
 * fails with VAL_INFERENCE_UNAVAILABLE. @throws VAL_MODEL_UNUSABLE if the graph cannot be opened
 */
export async function createWorkerPool(graph: GraphSpec, options: WorkerPoolOptions): Promise<InferenceBackend> {
  const pool = new WorkerPool(graph, options)
  await pool.start()
  return pool
}
