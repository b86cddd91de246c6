import { setImmediate } from 'node:timers'
import { ValenceError } from '@valence/schemas'
import type { LoadedModel } from '../../model/load-model.ts'
import type { TraceContext } from '../../observability/trace-context.ts'
import type { Clock } from '../../platform/clock.ts'
import { InFlightLimiter } from '../scheduling/in-flight-limiter.ts'
import type { ScoreOptions, ScoreOrigin } from '../scorer.ts'
import type { ScoringObserver } from '../scoring-observer.ts'
import { type BatchRunner, createBatchRunner } from './batch-runner.ts'
import { type OriginBatch, OriginQueues, type OriginQueuesOptions } from './origin-queues.ts'
import { type InferenceResult, PendingText, type Waiter } from './pending-text.ts'
import { reportBatch } from './report-batch.ts'

export interface MicroBatcherOptions extends Omit<OriginQueuesOptions, 'onDrop'> {
  readonly clock: Clock
  readonly observer: ScoringObserver
}

/** A text to be scored. */
export interface Submission {
  readonly text: string
  /** Tells texts apart: equal keys share one inference. */
  readonly key: string
  readonly traceContext?: TraceContext | undefined
}

/**
 * Gathers texts into batches for one model and runs them: a loop around the origin queues, which choose the texts, and the
 * in-flight limiter, which says whose batch may go out. A text passes these steps; its states are in pending-text.ts:
 *
 * | step       | the text                                                                                         |
 * | ---------- | ------------------------------------------------------------------------------------------------ |
 * | `submit`   | joins an equal text that waits or runs; else is tokenized and queued (`waiting`), or refused     |
 * | `#pump`    | is dropped when late, or taken into a batch (`taken`); once per turn of the event loop, when     |
 * |            | a batch ends, and by one timer for the next age or deadline                                      |
 * | `#launch`  | runs on the backend                                                                              |
 * | `#settle`  | is answered for every caller (`settled`)                                                         |
 */
export class MicroBatcher {
  readonly #model: LoadedModel
  readonly #clock: Clock
  readonly #observer: ScoringObserver
  readonly #queues: OriginQueues
  readonly #run: BatchRunner
  readonly #limiter: InFlightLimiter
  /** Every text that is `waiting` or `taken`, by key: equal texts share one. */
  readonly #underWay = new Map<string, PendingText>()
  #pumpDue = false
  /** Spent on tokenizing since it was last reported. */
  #tokenizeMs = 0
  #cancelTimer: (() => void) | undefined
  #draining: Promise<void> | undefined
  #onDrained: (() => void) | undefined

  constructor(model: LoadedModel, options: MicroBatcherOptions) {
    const { manifest, tokenizer, backend } = model
    this.#model = model
    this.#clock = options.clock
    this.#observer = options.observer
    this.#limiter = new InFlightLimiter(backend.concurrency)
    this.#queues = new OriginQueues({
      ...options,
      onDrop: (entry, reason) => {
        this.#observer.dropped?.(reason)
        if (entry.state === 'dropped') this.#underWay.delete(entry.key)
      },
    })
    this.#run = createBatchRunner({
      backend,
      padTokenId: manifest.padTokenId,
      labels: manifest.labels.length,
      calibration: manifest.calibration,
      probeIds: tokenizer.encode('ok').ids,
      settle: (entry, outcome) => this.#settle(entry, outcome),
      onBisected: () => this.#observer.bisected?.(),
    })
  }

  hasRoom(origin: ScoreOrigin): boolean {
    return this.#queues.hasRoom(origin)
  }

  /** Resolves when there may be room for a text of this origin, or the caller leaves; look again then. */
  room(origin: ScoreOrigin, signal?: AbortSignal): Promise<void> {
    return this.#queues.room(origin, signal)
  }

  /**
   * Answers once, with the score of the text or with why it has none: VAL_QUEUE_FULL, VAL_DEADLINE_EXCEEDED,
   * VAL_REQUEST_ABANDONED or an inference error.
   */
  submit(
    { text, key, traceContext }: Submission,
    options: ScoreOptions,
    answer: (outcome: InferenceResult) => void,
  ): void {
    const waiter = this.#waiter(options, traceContext, answer)
    if (waiter.origin === 'http') this.#limiter.noteHttp(waiter.enqueuedAt)
    const known = this.#underWay.get(key)
    if (known) this.#join(known, waiter)
    else this.#enqueue(text, key, waiter)
  }

  /** Runs all waiting texts at once, in batches however small; resolves when none is left. Later texts are refused. */
  drain(): Promise<void> {
    this.#draining ??= new Promise((resolve) => {
      this.#onDrained = resolve
      this.#pumpSoon()
    })
    return this.#draining
  }

  #waiter(
    { origin, deadline, signal }: ScoreOptions,
    traceContext: TraceContext | undefined,
    answer: (outcome: InferenceResult) => void,
  ): Waiter {
    const enqueuedAt = this.#clock.monotonicMs()
    const due = deadline === undefined ? undefined : enqueuedAt + deadline - this.#clock.epochMs()
    return { origin, deadline: due, signal, enqueuedAt, traceContext, answer }
  }

  #join(entry: PendingText, waiter: Waiter): void {
    this.#observer.deduplicated?.()
    const isNewOrigin = entry.isWaiting && entry.waiters.every(({ origin }) => origin !== waiter.origin)
    entry.join(waiter)
    this.#queues.noteDeadline(waiter.deadline)
    if (waiter.deadline !== undefined) this.#pumpSoon()
    // One origin may ask for a text that another queued far behind: the entry then goes with whichever is served first.
    if (isNewOrigin && this.hasRoom(waiter.origin)) this.#place(entry, waiter)
  }

  #enqueue(text: string, key: string, waiter: Waiter): void {
    const refusal = this.#refusal(waiter.origin)
    if (refusal) {
      waiter.answer(refusal)
      return
    }
    const entry = new PendingText(key, this.#model.tokenizer.encode(text), waiter.enqueuedAt)
    const elapsedMs = this.#clock.monotonicMs() - waiter.enqueuedAt
    this.#tokenizeMs += elapsedMs
    if (waiter.traceContext) this.#observer.tokenizedText?.(waiter.traceContext, elapsedMs)
    entry.join(waiter)
    this.#underWay.set(key, entry)
    this.#place(entry, waiter)
  }

  #refusal(origin: ScoreOrigin): ValenceError | undefined {
    if (this.#draining) return new ValenceError('VAL_INFERENCE_UNAVAILABLE', 'the model is being retired')
    return this.hasRoom(origin) ? undefined : new ValenceError('VAL_QUEUE_FULL')
  }

  #place(entry: PendingText, { origin, deadline }: Waiter): void {
    this.#queues.place(entry, origin)
    this.#queues.noteDeadline(deadline)
    this.#observer.queueDepth?.(origin, this.#queues.depth(origin))
    this.#pumpSoon()
  }

  /** Once per turn of the event loop: texts that are submitted in one go are sorted together. */
  #pumpSoon(): void {
    if (this.#pumpDue) return
    this.#pumpDue = true
    setImmediate(() => {
      this.#pumpDue = false
      if (this.#tokenizeMs > 0) this.#observer.tokenized?.(this.#tokenizeMs)
      this.#tokenizeMs = 0
      this.#pump()
    })
  }

  #pump(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const nowMs = this.#clock.monotonicMs()
    this.#queues.dismissLate(nowMs)
    const next = () => this.#queues.take(nowMs, this.#limiter, this.#draining !== undefined)
    for (let batch = next(); batch; batch = next()) void this.#launch(batch, nowMs)
    if (!this.#queues.isEmpty) this.#sleep(nowMs)
    else if (this.#limiter.isIdle) this.#onDrained?.()
  }

  /** One timer for all that waits: until a batch closes by age or a deadline passes. */
  #sleep(nowMs: number): void {
    const wakeMs = this.#queues.nextEventMs(nowMs, this.#limiter)
    if (wakeMs === Number.POSITIVE_INFINITY) return
    this.#cancelTimer = this.#clock.after(Math.max(0, wakeMs - nowMs), () => this.#pump())
  }

  async #launch(batch: OriginBatch, nowMs: number): Promise<void> {
    const { texts, origin } = batch
    this.#limiter.take(origin)
    const ended = reportBatch(this.#observer, batch, nowMs)
    this.#observer.queueDepth?.(origin, this.#queues.depth(origin))
    await this.#run(texts)
    ended?.()
    this.#limiter.leave(origin)
    this.#pump()
  }

  #settle(entry: PendingText, outcome: InferenceResult): void {
    this.#underWay.delete(entry.key)
    entry.settle(outcome)
  }
}
