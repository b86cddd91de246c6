import { setTimeout as delay } from 'node:timers/promises'
import { isValenceError, ValenceError } from '@valence/schemas'
import type { PartitionSession, PartitionSessions } from '../kafka/partition-session.ts'
import type { RecordBatch } from '../kafka/record.ts'
import type { RecordSource } from '../kafka/record-source.ts'
import { partitionName, type TopicPartition } from '../kafka/topic-partition.ts'
import type { PartitionLagTracker } from '../monitoring/partition-lag-tracker.ts'
import type { Logger } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import { retryWhileRetryable } from '../platform/retry.ts'
import type { CommitStep, Publication } from './commit.ts'
import { PartitionProgress, type Standstill } from './partition-progress.ts'
import { PartitionQueue, type RecordSlice } from './partition-queue.ts'
import type { PrepareStep } from './prepare.ts'
import { maxRefusals, RefusalSearch } from './refusal-search.ts'
import { type KnownPosition, startingPosition, warnOfPosition } from './starting-position.ts'

/** What the tasks of all partitions share. */
export interface PartitionTaskContext {
  readonly source: RecordSource
  readonly sessions: PartitionSessions
  readonly prepare: PrepareStep
  readonly commit: CommitStep
  readonly flows: PartitionLagTracker
  readonly maxRecords: number
  readonly maxQueued: number
  /** Bytes of fetched records at which fetching of the partition is paused. */
  readonly maxHeldBytes: () => number
  readonly start: 'earliest' | 'latest'
  readonly logger: Logger
  readonly metrics: Metrics
  readonly onFatal: (error: Error) => void
}

const maxDelayMs = 5_000
/** Interval at which a halted partition is logged and tried again; a refused dead letter has growing pauses instead. Chosen, not measured. */
const haltMs = 60_000
const letterPause = { firstMs: 1_000, maxMs: 15_000 }

/**
 * Owns one assigned partition from take-over to release.
 *
 * `taking`: fences earlier owners, reads the position, seeks. `running`: prepares one slice while the one before it
 * commits. Any error inside a transaction drops the session and takes the partition again from the committed offset.
 */
export class PartitionTask {
  /** Was taken once, so the group has a position: records from then on are not skipped. */
  isTaken = false
  readonly progress: PartitionProgress
  readonly #partition: TopicPartition
  readonly #context: PartitionTaskContext
  readonly #released = new AbortController()
  readonly #ending = new AbortController()
  readonly #drainBegun = Promise.withResolvers<undefined>()
  readonly #search = new RefusalSearch()
  #queue: PartitionQueue | undefined
  /** No offset was found before the first was committed here, so none can have been lost. */
  #isNew = false
  #paused = true
  #failures = 0
  #halts = 0
  /** Of the last commit; undefined before the first take-over. */
  #known: KnownPosition | undefined
  /** The group has dropped this member since the taking began. */
  #isOutdated = false
  /** Slices taken and not committed. */
  #begun = 0
  #finished: Promise<void> = Promise.resolve()

  constructor(partition: TopicPartition, context: PartitionTaskContext) {
    this.#partition = partition
    this.#context = context
    this.progress = new PartitionProgress(partition)
  }

  start(): void {
    this.#finished = this.#run().catch((error) => this.#context.onFatal(error))
  }

  /** After a rejoin that kept the partition: kafkajs has lost its fetch position, so seek again. */
  retained(): void {
    const { source } = this.#context
    if (this.#queue !== undefined) source.seek(this.#partition, this.#queue.expected)
    if (this.#paused) source.pause(this.#partition)
    else source.resume(this.#partition)
  }

  /** After a join as a new member: the group's position may be another by now. */
  takeAgain(): void {
    this.#isOutdated = true
    this.#queue?.fail(new ValenceError('VAL_KAFKA_GENERATION_OVER', partitionName(this.#partition)))
  }

  push(batch: RecordBatch): void {
    const queue = this.#queue
    if (queue === undefined || this.#isOfAnotherTopic(batch)) {
      batch.release?.()
      queue?.fail(new ValenceError('VAL_KAFKA_TOPIC_RECREATED', `${batch.topic}: its id is now ${batch.topicId}`))
      return
    }
    if (queue.push(batch) === 'gap') {
      // The next take-over compares the committed offset with the log: it explains the gap or halts.
      const detail = `expected ${queue.expected}, fetched ${batch.fetchedOffset}`
      queue.fail(new ValenceError('VAL_KAFKA_TRANSACTION_FAILED', detail))
      return
    }
    if (queue.size > 0) this.progress.working()
    this.#reportQueue(queue)
    this.#context.flows.logEnd(this.#partition, batch.highWatermark)
    if (this.#isFull(queue, 1)) this.#pause()
  }

  /** The last batch found others waiting. */
  get isBehind(): boolean {
    return this.#queue?.isBehind ?? false
  }

  /** The next batch cannot be read: commit the records before it, then halt. */
  halt(error: ValenceError): void {
    this.#queue?.endWith(error)
  }

  /** The partition was assigned to another member: stop at once; the new owner fences the open transaction. */
  async release(): Promise<void> {
    this.#giveUp()
    this.#queue?.close()
    await this.#finished
  }

  /**
   * Commits the slices under way, drops queued records, closes the session, and resolves. Pauses and retries end at
   * once; their records are read again at the next start.
   */
  async drain(): Promise<void> {
    this.#drainBegun.resolve(undefined)
    this.#ending.abort()
    this.#queue?.close()
    await this.#finished
  }

  get ended(): boolean {
    return this.#ending.signal.aborted
  }

  /** Undefined while the partition makes progress or is idle. */
  get standstill(): Standstill | undefined {
    return this.ended ? undefined : this.progress.standstill
  }

  #giveUp(): void {
    this.#released.abort()
    this.#ending.abort()
  }

  async #run(): Promise<void> {
    while (!this.ended) {
      let session: PartitionSession | undefined
      try {
        this.progress.working()
        session = await this.#takeUnlessDrained()
        if (session !== undefined) await this.#work(session)
      } catch (error) {
        await this.#recover(error)
      } finally {
        this.#queue?.close()
        this.#queue = undefined
        await session?.close()
      }
    }
    this.#forgetLabels()
  }

  async #takeUnlessDrained(): Promise<PartitionSession | undefined> {
    const taking = this.progress.asking(() => this.#take())
    const session = await Promise.race([taking, this.#drainBegun.promise])
    if (session === undefined) {
      taking.then(
        (late) => late.close(),
        (error) => this.#context.logger.debug({ ...this.#partition, err: error }, 'not taken before the end'),
      )
    }
    return session
  }

  /** Fence → read the committed offset → seek. In this order no earlier owner can commit in between. */
  async #take(): Promise<PartitionSession> {
    const { sessions, source, flows, metrics, logger, start } = this.#context
    this.#isOutdated = false
    const stopTimer = metrics.kafka.takeovers.startTimer()
    const session = await sessions.open(this.#partition)
    try {
      const position = await startingPosition(this.#partition, session, sessions, start, this.#known)
      const { offset, committed, topicId, recreated, lost } = position
      if (!committed && !lost && !recreated) this.#isNew = true
      // A first take-over that failed half-way looks the same as a position that was lost.
      if (recreated || this.#known || !this.#isNew) warnOfPosition(logger, this.#partition, position, this.#known)
      // Commits the starting offset, so that a crash before the first result cannot move it.
      if (!committed) await session.publish([], offset)
      this.isTaken = true
      if (this.ended) return session
      if (this.#isOutdated) throw new ValenceError('VAL_KAFKA_GENERATION_OVER', partitionName(this.#partition))
      this.#queue = new PartitionQueue(offset)
      this.#known = { offset, topicId }
      this.#begun = 0
      this.progress.taken(offset)
      flows.taken(this.#partition, offset)
      source.seek(this.#partition, offset)
      this.#resume()
      stopTimer()
      logger.info({ ...this.#partition, offset: offset.toString() }, 'partition taken')
      return session
    } catch (error) {
      await session.close()
      throw error
    }
  }

  async #work(session: PartitionSession): Promise<void> {
    const queue = this.#queue
    if (queue === undefined) return
    const lost = new AbortController()
    const signal = AbortSignal.any([this.#released.signal, lost.signal])
    const retrying = AbortSignal.any([this.#ending.signal, lost.signal])
    const last = { committing: Promise.resolve() }
    const begin = (slice: RecordSlice) => this.#prepare(slice, signal, retrying)
    try {
      while (await this.#step(session, queue, begin, last));
    } catch (error) {
      // Nothing is published after a failure, so no slice is prepared; queued records are fetched again.
      lost.abort()
      queue.close()
      throw error
    } finally {
      // The slices under way are finished before the session closes, whatever ended the loop.
      await last.committing
    }
  }

  /** A function of its own: a loop's frame that waits for the next slice would keep the last slice in memory. */
  async #step(
    session: PartitionSession,
    queue: PartitionQueue,
    begin: (slice: RecordSlice) => Promise<Publication>,
    last: { committing: Promise<void> },
  ): Promise<boolean> {
    const slice = await this.#next(queue)
    if (slice === undefined) return false
    const preparing = begin(slice)
    // Both promises are awaited below; neither rejection may count as unhandled before.
    preparing.catch(() => undefined)
    await last.committing
    last.committing = this.#commit(session, queue, await preparing)
    // A failed commit ends the wait for the next record: on a quiet topic none may come.
    last.committing.catch((error: Error) => queue.fail(error))
    return true
  }

  async #next(queue: PartitionQueue): Promise<RecordSlice | undefined> {
    const slice = await queue.take(this.#search.limit(queue.next, this.#context.maxRecords))
    if (slice !== undefined) this.#begun += 1
    this.#reportQueue(queue)
    this.#resumeWithRoom(queue)
    return slice
  }

  #isFull(queue: PartitionQueue, share: number): boolean {
    const { maxQueued, maxHeldBytes } = this.#context
    return queue.size >= maxQueued * share || queue.heldBytes >= maxHeldBytes() * share
  }

  #resumeWithRoom(queue: PartitionQueue): void {
    if (this.#paused && !this.ended && !this.#isFull(queue, 1 / 2)) this.#resume()
  }

  #prepare(slice: RecordSlice, signal: AbortSignal, retrying: AbortSignal): Promise<Publication> {
    const refusal = this.#search.refusalOf(slice)
    return retryWhileRetryable(() => this.#context.prepare(this.#partition, slice, { signal, refusal }), {
      initialDelayMs: 100,
      maxDelayMs,
      signal: retrying,
      onRetry: (error, delayMs) => {
        this.progress.failed(error.code, this.#known?.offset)
        this.#context.metrics.pipeline.retries.inc({ code: error.code })
        this.#context.logger.warn(
          { ...this.#partition, code: error.code, detail: error.detail, delayMs: Math.round(delayMs) },
          'records wait and are tried again',
        )
      },
    })
  }

  async #commit(session: PartitionSession, queue: PartitionQueue, prepared: Publication): Promise<void> {
    const { slice } = prepared
    try {
      await this.progress.asking(() => this.#context.commit(session, prepared))
    } catch (error) {
      throw isValenceError(error) && error.row.partition === 'isolate' ? this.#noteRefusal(slice, error) : error
    }
    this.#context.flows.committed(this.#partition, slice.nextOffset)
    this.#search.published(slice)
    this.#known = { offset: slice.nextOffset, topicId: this.#known?.topicId }
    this.#begun -= 1
    this.#failures = 0
    this.#halts = 0
    this.progress.committed(this.#begun > 0 || queue.size > 0)
    queue.committed(slice.nextOffset)
    this.#resumeWithRoom(queue)
  }

  /** The error to handle: VAL_KAFKA_DEAD_LETTER_REFUSED once a dead letter without content is refused too. */
  #noteRefusal(slice: RecordSlice, error: ValenceError): ValenceError {
    const refusal = this.#search.refused(slice, error)
    if (refusal === undefined || refusal.times < maxRefusals) return error
    const at = `${partitionName(this.#partition)} at ${slice.records[0]?.offset}`
    return new ValenceError('VAL_KAFKA_DEAD_LETTER_REFUSED', `${at}: ${error.message}`, { cause: error })
  }

  async #recover(error: unknown): Promise<void> {
    if (this.#released.signal.aborted) return
    this.#pause()
    const { logger, metrics, source, onFatal } = this.#context
    const known = isValenceError(error) ? error : undefined
    if (known !== undefined) this.progress.failed(known.code, this.#begun > 0 ? this.#known?.offset : undefined)
    const fields = { ...this.#partition, code: known?.code, detail: known?.detail, err: known ? undefined : error }
    metrics.kafka.transactions.inc({ outcome: known?.code === 'VAL_KAFKA_FENCED' ? 'fenced' : 'aborted' })
    if (known?.code === 'VAL_KAFKA_FENCED') {
      logger.warn(fields, 'fenced by another owner')
      const isOurs = await Promise.race([source.confirmOwnership(this.#partition), this.#drainBegun.promise])
      if (!isOurs) this.#giveUp()
      return
    }
    if (known === undefined || known.row.partition === 'fatal') {
      this.#giveUp()
      onFatal(known ?? new Error('a defect in the pipeline', { cause: error }))
      return
    }
    if (this.ended) logger.warn(fields, 'stopped in a failure, its records are left to the next start')
    else await this.#rest(known, fields)
  }

  /** Pause before the next take-over. */
  async #rest(error: ValenceError, fields: object): Promise<void> {
    if (error.row.partition === 'isolate') {
      this.#context.logger.warn(fields, 'the broker refuses a record, the partition is taken again to single it out')
    } else if (error.row.partition === 'halt') {
      await this.#halt(error, fields)
    } else {
      this.#failures += 1
      const delayMs = Math.min(20 * 2 ** this.#failures, maxDelayMs)
      this.#context.logger.warn({ ...fields, delayMs }, 'session lost, the partition is taken again')
      await this.#sleep(delayMs)
    }
  }

  /** Halts at a record that cannot be processed. It is tried again, since an operator may remove the cause. */
  async #halt({ code, help }: ValenceError, fields: object): Promise<void> {
    const { firstMs, maxMs } = letterPause
    const delayMs = code === 'VAL_KAFKA_BATCH_TOO_LARGE' ? haltMs : Math.min(firstMs * 2 ** this.#halts, maxMs)
    this.#halts += 1
    this.progress.halted(code, this.#known?.offset ?? 0n)
    this.#context.logger.error({ ...fields, help, delayMs }, 'the partition stands still')
    await this.#sleep(delayMs)
    this.#search.forget()
  }

  #isOfAnotherTopic({ topicId }: RecordBatch): boolean {
    const known = this.#known?.topicId
    return topicId !== undefined && known !== undefined && topicId !== known
  }

  #pause(): void {
    this.#paused = true
    this.#context.source.pause(this.#partition)
  }

  #resume(): void {
    this.#paused = false
    this.#context.source.resume(this.#partition)
  }

  #reportQueue(queue: PartitionQueue): void {
    this.#context.metrics.pipeline.queued.set(this.#labels(), queue.size)
  }

  #labels(): { topic: string; partition: string } {
    return { topic: this.#partition.topic, partition: String(this.#partition.partition) }
  }

  #forgetLabels(): void {
    this.#context.metrics.pipeline.queued.remove(this.#labels())
    this.#context.flows.released(this.#partition)
  }

  async #sleep(delayMs: number): Promise<void> {
    const { signal } = this.#ending
    await delay(delayMs, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }
}
