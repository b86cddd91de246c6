import { isValenceError, ValenceError } from '@valence/schemas'
import type { PartitionSession, PartitionSessions } from '../kafka/partition-session.ts'
import type { RecordBatch, TopicPartition } from '../kafka/record.ts'
import type { RecordSource } from '../kafka/record-source.ts'
import { retryWhileRetryable } from '../resilience/retry.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Metrics } from '../runtime/metrics.ts'
import type { CommitStep, Publication } from './commit.ts'
import type { PartitionFlows } from './partition-flow.ts'
import { PartitionQueue, type RecordSlice } from './partition-queue.ts'
import type { PrepareStep } from './prepare.ts'
import { startingPosition } from './starting-position.ts'

/** What the tasks of all partitions share. */
export interface PartitionTaskContext {
  readonly source: RecordSource
  readonly sessions: PartitionSessions
  readonly prepare: PrepareStep
  readonly commit: CommitStep
  readonly flows: PartitionFlows
  readonly maxRecords: number
  readonly maxQueued: number
  readonly start: 'earliest' | 'latest'
  readonly logger: Logger
  readonly metrics: Metrics
  readonly onFatal: (error: Error) => void
}

const maxDelayMs = 5_000
/** A partition that stands still says so this often, and looks whether it still has to. */
const haltMs = 60_000

/**
 * Owns one assigned partition from take-over to release.
 *
 * `taking`: fences earlier owners, reads the position, seeks. `running`: prepares one slice while the one before it
 * commits. Any error inside a transaction drops the session and takes the partition again from the committed offset.
 */
export class PartitionTask {
  readonly #partition: TopicPartition
  readonly #context: PartitionTaskContext
  readonly #released = new AbortController()
  #queue: PartitionQueue | undefined
  #topicId: string | undefined
  /** The group never had a position here, so none can be lost. */
  #isNew = false
  #paused = true
  #draining = false
  #failures = 0
  /** Up to here records are published one by one, to find the one that the broker refuses as too large. */
  #oneByOneUntil = 0n
  #refused = { offset: -1n, times: 0 }
  #finished: Promise<void> = Promise.resolve()

  constructor(partition: TopicPartition, context: PartitionTaskContext) {
    this.#partition = partition
    this.#context = context
  }

  start(): void {
    this.#finished = this.#run().catch((error) => this.#context.onFatal(error))
  }

  /** The group was joined again and the partition stayed: kafkajs forgot where it was, so say it again. */
  retained(): void {
    const { source } = this.#context
    if (this.#queue !== undefined) source.seek(this.#partition, this.#queue.expected)
    if (this.#paused) source.pause(this.#partition)
    else source.resume(this.#partition)
  }

  push(batch: RecordBatch): void {
    const queue = this.#queue
    if (queue === undefined) return
    if (this.#isOfAnotherTopic(batch)) {
      queue.fail(new ValenceError('VAL_KAFKA_TOPIC_RECREATED', `${batch.topic}: its id is now ${batch.topicId}`))
      return
    }
    if (queue.push(batch) === 'gap') {
      // Taking the partition again compares the committed offset with the log and explains the gap or stops.
      const detail = `expected ${queue.expected}, fetched ${batch.fetchedOffset}`
      queue.fail(new ValenceError('VAL_KAFKA_TRANSACTION_FAILED', detail))
      return
    }
    this.#reportQueue(queue)
    this.#context.flows.logEnd(this.#partition, batch.highWatermark)
    if (queue.size >= this.#context.maxQueued) this.#pause()
  }

  /** The last batch found others waiting. */
  get isBehind(): boolean {
    return this.#queue?.isBehind ?? false
  }

  /** What comes next cannot be read: finish what came before, then stand still. */
  halt(error: ValenceError): void {
    this.#queue?.endWith(error)
  }

  /** The partition went to another member: stop at once; its owner fences whatever is still under way. */
  async release(): Promise<void> {
    this.#released.abort()
    this.#queue?.close()
    await this.#finished
  }

  /** Finishes and commits what was begun, drops what only waits, and resolves when all is closed. */
  async drain(): Promise<void> {
    this.#draining = true
    this.#queue?.close()
    await this.#finished
  }

  /** Released or drained: this task does nothing any more. */
  get ended(): boolean {
    return this.#released.signal.aborted || this.#draining
  }

  async #run(): Promise<void> {
    while (!this.ended) {
      let session: PartitionSession | undefined
      try {
        session = await this.#take()
        await this.#work(session)
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

  /** Fence → read the position → seek: in this order nobody else can commit in between. */
  async #take(): Promise<PartitionSession> {
    const { sessions, source, flows, metrics, logger, start } = this.#context
    const stopTimer = metrics.kafka.takeovers.startTimer()
    const session = await sessions.open(this.#partition)
    try {
      const position = await startingPosition(this.#partition, session, sessions, start)
      const { offset, committed, topicId, recreated, lost } = position
      this.#topicId = topicId
      if (recreated) {
        const fields = { ...this.#partition, code: 'VAL_KAFKA_TOPIC_RECREATED', offset: offset.toString() }
        logger.warn(fields, 'the topic was created again and is read from its start')
      }
      if (!committed && !lost) this.#isNew = true
      // A first take-over that failed half-way leaves the same traces.
      if (lost && !this.#isNew) {
        const fields = { ...this.#partition, code: 'VAL_KAFKA_POSITION_LOST', offset: offset.toString(), start }
        logger.warn(fields, 'the group has lost its position and begins anew')
      }
      // Pins the starting point, so that a crash before the first result cannot move it.
      if (!committed) await session.publish([], offset)
      if (this.ended) return session
      this.#queue = new PartitionQueue(offset)
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
    let committing: Promise<void> = Promise.resolve()
    try {
      for (let slice = await this.#next(queue); slice !== undefined; slice = await this.#next(queue)) {
        const preparing = this.#prepare(slice, signal)
        // Both are awaited below; neither may count as unhandled while the other is.
        preparing.catch(() => undefined)
        await committing
        const prepared = await preparing
        committing = this.#commit(session, prepared)
        // A failed commit ends the wait for the next record, which on a quiet topic may never come.
        committing.catch((error: Error) => queue.fail(error))
      }
    } catch (error) {
      // Nothing is published after a failure, so nothing is prepared any more either.
      lost.abort()
      throw error
    } finally {
      // What was begun is finished before the session closes, whatever ended the reading.
      await committing
    }
  }

  async #next(queue: PartitionQueue): Promise<RecordSlice | undefined> {
    const slice = await queue.take(queue.next < this.#oneByOneUntil ? 1 : this.#context.maxRecords)
    this.#reportQueue(queue)
    if (this.#paused && !this.ended && queue.size <= this.#context.maxQueued / 2) this.#resume()
    return slice
  }

  #prepare(slice: RecordSlice, signal: AbortSignal): Promise<Publication> {
    const isRefused = slice.records.length === 1 && slice.records[0]?.offset === this.#refused.offset
    const refusals = isRefused ? this.#refused.times : 0
    return retryWhileRetryable(() => this.#context.prepare(this.#partition, slice, { signal, refusals }), {
      initialDelayMs: 100,
      maxDelayMs,
      signal,
      onRetry: (error, delayMs) => {
        this.#context.metrics.pipeline.retries.inc({ code: error.code })
        this.#context.logger.warn(
          { ...this.#partition, code: error.code, detail: error.detail, delayMs: Math.round(delayMs) },
          'records wait and are tried again',
        )
      },
    })
  }

  async #commit(session: PartitionSession, prepared: Publication): Promise<void> {
    try {
      await this.#context.commit(session, prepared)
      this.#context.flows.committed(this.#partition, prepared.slice.nextOffset)
      this.#failures = 0
    } catch (error) {
      if (isValenceError(error) && error.code === 'VAL_RECORD_TOO_LARGE_TO_PUBLISH') this.#noteRefusal(prepared.slice)
      throw error
    }
  }

  #noteRefusal({ records, nextOffset }: RecordSlice): void {
    this.#oneByOneUntil = nextOffset
    const only = records.length === 1 ? records[0] : undefined
    if (only === undefined) return
    this.#refused = { offset: only.offset, times: only.offset === this.#refused.offset ? this.#refused.times + 1 : 1 }
  }

  async #recover(error: unknown): Promise<void> {
    if (this.#released.signal.aborted) return
    this.#pause()
    const { logger, metrics, source, onFatal } = this.#context
    const known = isValenceError(error) ? error : undefined
    const fields = { ...this.#partition, code: known?.code, detail: known?.detail, err: known ? undefined : error }
    metrics.kafka.transactions.inc({ outcome: known?.code === 'VAL_KAFKA_FENCED' ? 'fenced' : 'aborted' })
    if (known?.code === 'VAL_KAFKA_FENCED') {
      logger.warn(fields, 'fenced by another owner')
      if (await source.confirmOwnership(this.#partition)) return
      this.#released.abort()
      return
    }
    if (known === undefined || fatalCodes.has(known.code)) {
      this.#released.abort()
      onFatal(known ?? new Error('a defect in the pipeline', { cause: error }))
      return
    }
    if (known.code === 'VAL_KAFKA_BATCH_TOO_LARGE') {
      logger.error({ ...fields, help: known.help }, 'the partition stands still')
      await this.#sleep(haltMs)
      return
    }
    this.#failures += 1
    const delayMs =
      known.code === 'VAL_RECORD_TOO_LARGE_TO_PUBLISH' ? 0 : Math.min(20 * 2 ** this.#failures, maxDelayMs)
    logger.warn({ ...fields, delayMs }, 'session lost, the partition is taken again')
    await this.#sleep(delayMs)
  }

  #isOfAnotherTopic({ topicId }: RecordBatch): boolean {
    return topicId !== undefined && this.#topicId !== undefined && topicId !== this.#topicId
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
    const { signal } = this.#released
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs)
      const wake = () => {
        clearTimeout(timer)
        resolve()
      }
      signal.addEventListener('abort', wake, { once: true })
    })
  }
}

const fatalCodes: ReadonlySet<string> = new Set([
  'VAL_KAFKA_OFFSET_GAP',
  'VAL_KAFKA_TOPIC_RECREATED',
  'VAL_KAFKA_INSTANCE_DUPLICATE',
])
