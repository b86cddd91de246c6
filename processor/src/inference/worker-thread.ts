import { setImmediate } from 'node:timers'
import { Worker } from 'node:worker_threads'
import { ValenceError } from '@valence/schemas'
import type { TokenBatch } from './backend.ts'
import type { GraphSpec } from './graph-session.ts'
import { markHanging, trackThread, untrackThread } from './native-threads.ts'
import { type InferenceRequest, type InferenceResponse, type WorkerStart, word } from './worker-protocol.ts'

/** A batch in flight with its callbacks. */
export interface InferenceJob {
  readonly batch: TokenBatch
  resolve(logits: Float32Array): void
  reject(error: ValenceError): void
}

/** Why a worker was lost: timeout of a run, exception or exit, or the graph could not be opened. */
export type LossReason = 'timeout' | 'crash' | 'refused'

export interface WorkerThreadOptions {
  readonly graph: GraphSpec
  readonly workerUrl: URL
  readonly name: string
  /** Run with the lowest priority. */
  readonly background?: boolean | undefined
  /** Maximum time of a run, and of the start; after it the worker is lost. */
  readonly timeoutMs: number
  readonly startTimeoutMs: number
  onReady(): void
  /** A batch was answered; there is room for another. */
  onAnswer(inferMs: number | undefined): void
  /** The worker is lost. `waiting` are batches that it had not begun; the running one has been rejected. */
  onLost(reason: LossReason, detail: string, waiting: InferenceJob[]): void
  /** The thread has ended; native code that hangs can keep it alive long after it was lost. */
  onExit(): void
}

/**
 * A hanging thread gets this long to leave native code before it is terminated. Chosen, not measured: a run takes about
 * 10 ms.
 */
const partingMs = 500

type ThreadState = 'starting' | 'ready' | 'lost' | 'ended'

/**
 * All states of a thread and their transitions. The messages are those of worker-protocol.ts.
 *
 * | state      | the thread                                           | next state                                                       |
 * | ---------- | ---------------------------------------------------- | ---------------------------------------------------------------- |
 * | `starting` | opens the graph                                      | `ready`; refused, crashed, late or stopped: `lost`               |
 * | `ready`    | answers jobs in order; it runs the first of them     | crashed, late, answered out of order or stopped: `lost`          |
 * | `lost`     | gets no job and is asked to leave; its next message  | `ended` when it exits by itself, or is terminated outside of     |
 * |            | only means that it has left native code              | native code                                                      |
 * | `ended`    | has exited                                           |                                                                  |
 */
const transitions: Readonly<Record<ThreadState, readonly ThreadState[]>> = {
  starting: ['ready', 'lost'],
  ready: ['lost'],
  lost: ['ended'],
  ended: [],
}

/** One worker thread from start to end; never restarted, only replaced. */
export class WorkerThread {
  readonly #options: WorkerThreadOptions
  readonly #worker: Worker
  readonly #jobs: { id: number; job: InferenceJob }[] = []
  #state: ThreadState = 'starting'
  #readySince: number | undefined
  readonly #shared = new Int32Array(new SharedArrayBuffer(8))
  /** Resolves when a leaving thread has sent its last message. */
  readonly #parted = Promise.withResolvers<void>()
  #stopped: Promise<void> | undefined
  #nextId = 0
  #watchdog: NodeJS.Timeout

  constructor(options: WorkerThreadOptions) {
    this.#options = options
    const background = options.background === true
    const start: WorkerStart = { ...options.graph, background, shared: this.#shared }
    this.#worker = new Worker(options.workerUrl, { workerData: start, name: options.name })
    // The thread loads native code before it can set the word itself.
    Atomics.store(this.#shared, word.native, 1)
    trackThread(this.#shared)
    this.#worker.on('message', (response: InferenceResponse) => this.#receive(response))
    this.#worker.on('error', (error) => this.#lose('crash', error instanceof Error ? error.message : String(error)))
    this.#worker.on('exit', (code) => {
      untrackThread(this.#shared)
      this.#parted.resolve()
      this.#lose('crash', `the worker exited with code ${code}`)
      this.#become('ended')
      options.onExit()
    })
    this.#watchdog = this.#watch(options.startTimeoutMs, undefined)
  }

  get isReady(): boolean {
    return this.#state === 'ready'
  }

  /** Time at which the graph was opened, by `performance.now()`; undefined before that. */
  get readySince(): number | undefined {
    return this.#readySince
  }

  get #isGone(): boolean {
    return this.#state === 'lost' || this.#state === 'ended'
  }

  /** The thread is in native code, where it cannot be terminated. */
  get isInNativeCode(): boolean {
    return Atomics.load(this.#shared, word.native) === 1
  }

  /** Batches given to the worker and not answered yet. */
  get load(): number {
    return this.#jobs.length
  }

  give(job: InferenceJob): void {
    const request: InferenceRequest = { id: this.#nextId++, batch: job.batch }
    this.#jobs.push({ id: request.id, job })
    // Copied, not transferred: for a few kilobytes both cost the same, and the original can be given to another worker.
    this.#worker.postMessage(request)
    if (this.#jobs.length === 1) this.#rewatch()
  }

  /**
   * Ends the thread. Its unanswered batches are rejected with VAL_INFERENCE_UNAVAILABLE. With `atOnce`, a starting
   * thread is not waited for.
   */
  stop(atOnce = false): Promise<void> {
    this.#stopped ??= this.#stop(atOnce)
    return this.#stopped
  }

  async #stop(atOnce: boolean): Promise<void> {
    clearTimeout(this.#watchdog)
    const isBusy = this.#isBusy
    const graceMs = this.#state === 'starting' && !atOnce ? this.#options.startTimeoutMs : partingMs
    if (!this.#isGone) this.#become('lost')
    for (const { job } of this.#jobs.splice(0)) job.reject(new ValenceError('VAL_INFERENCE_UNAVAILABLE', 'stopped'))
    await this.#end(isBusy ? graceMs : 0)
  }

  /** The thread may be in native code. */
  get #isBusy(): boolean {
    return this.#state === 'starting' || this.#jobs.length > 0
  }

  /**
   * Terminating a thread in native code aborts the whole process, because the addon throws where it cannot be caught. A
   * busy thread gets some time to return; if it does not, it is terminated as soon as its native code returns.
   */
  async #end(graceMs: number): Promise<void> {
    Atomics.store(this.#shared, word.leaving, 1)
    if (graceMs > 0) {
      const { promise: late, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, graceMs)
      await Promise.race([this.#parted.promise, late])
      clearTimeout(timer)
    }
    if (this.isInNativeCode) {
      this.#worker.unref()
      void this.#parted.promise.then(() => this.#worker.terminate())
    } else {
      await this.#worker.terminate()
    }
  }

  #receive(response: InferenceResponse): void {
    if (this.#isGone) {
      this.#parted.resolve()
      return
    }
    if (response.kind === 'ready') {
      clearTimeout(this.#watchdog)
      this.#become('ready')
      this.#readySince = performance.now()
      this.#options.onReady()
    } else if (response.kind === 'refused') {
      this.#lose('refused', response.message)
    } else {
      this.#answer(response)
    }
  }

  #answer(response: InferenceResponse & { kind: 'scored' | 'failed' }): void {
    const first = this.#jobs.shift()
    if (first?.id !== response.id) {
      this.#lose('crash', 'the worker answered out of order')
      return
    }
    this.#rewatch()
    if (response.kind === 'scored') first.job.resolve(response.logits)
    else first.job.reject(new ValenceError('VAL_INFERENCE_FAILED', response.message))
    this.#options.onAnswer(response.kind === 'scored' ? response.inferMs : undefined)
  }

  #rewatch(): void {
    clearTimeout(this.#watchdog)
    const running = this.#jobs[0]
    if (running) this.#watchdog = this.#watch(this.#options.timeoutMs, running.id)
  }

  #watch(limitMs: number, id: number | undefined): NodeJS.Timeout {
    return setTimeout(() => {
      // Timers run before messages: after a stall of this thread, the answer may already have arrived.
      setImmediate(() => {
        if (!this.#isGone && this.#jobs[0]?.id === id && (id !== undefined || this.#state === 'starting')) {
          this.#lose('timeout', `no answer within ${limitMs} ms`)
        }
      })
    }, limitMs)
  }

  #lose(reason: LossReason, detail: string): void {
    if (this.#isGone) return
    const isBusy = reason === 'timeout' && this.#isBusy
    if (reason === 'timeout') markHanging(this.#shared)
    this.#become('lost')
    clearTimeout(this.#watchdog)
    const [running, ...waiting] = this.#jobs.splice(0)
    const code = reason === 'timeout' ? 'VAL_INFERENCE_TIMEOUT' : 'VAL_INFERENCE_UNAVAILABLE'
    running?.job.reject(new ValenceError(code, detail))
    this.#options.onLost(
      reason,
      detail,
      waiting.map(({ job }) => job),
    )
    // Not awaited: a thread in native code ends only when that code returns; onExit is called then.
    void this.#end(isBusy ? partingMs : 0)
  }

  #become(next: ThreadState): void {
    if (!transitions[this.#state].includes(next)) throw new Error(`a thread that is ${this.#state} cannot be ${next}`)
    this.#state = next
  }
}
