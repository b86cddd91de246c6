import { setTimeout as delay } from 'node:timers/promises'
import { headersByName, isValenceError, type RecordHeaders, type ScoredEvent, ValenceError } from '@valence/schemas'
import { type EachBatchPayload, headersOf, type KafkaMessage } from '../kafka/index.ts'
import { withinProcess } from '../tracing/text-spans.ts'
import type { ScoreDecoder } from './score-decoder.ts'
import type { ScoreHandlers, ScoreMeta } from './score-handler.ts'

export interface ScorePumpOptions {
  readonly handlers: ScoreHandlers
  readonly decode: ScoreDecoder
  readonly groupId: string
  /** Called when the handler or a record ends the consumer; at most once. */
  readonly onFailure: (error: ValenceError) => void
  readonly heartbeatEveryMs: number
}

type Batch = Pick<
  EachBatchPayload,
  'batch' | 'resolveOffset' | 'heartbeat' | 'commitOffsetsIfNecessary' | 'isRunning' | 'isStale'
>

const registryBackoff = { firstMs: 250, maxMs: 5_000 }

/** Processes fetched batches one event at a time: decode, handle, mark as handled. */
export class ScorePump {
  readonly #options: ScorePumpOptions
  readonly #stopping = new AbortController()

  constructor(options: ScorePumpOptions) {
    this.#options = options
  }

  /** Stops after the current event. */
  stop(): void {
    this.#stopping.abort()
  }

  /** kafkajs's `eachBatch`. Rejects only with errors of kafkajs, which kafkajs handles itself. */
  async handle(payload: Batch): Promise<void> {
    const { batch, resolveOffset, heartbeat, commitOffsetsIfNecessary, isRunning, isStale } = payload
    const beats = this.#beatDuring(heartbeat)
    try {
      for (const message of batch.messages) {
        if (this.#isStopped() || !isRunning() || isStale()) return
        const isHandled = await this.#handleMessage(message, metaOf(message, payload))
        if (!isHandled) return
        resolveOffset(message.offset)
        beats.throwIfFailed()
        await heartbeat()
        await commitOffsetsIfNecessary()
      }
    } finally {
      beats.stop()
    }
  }

  #isStopped(): boolean {
    return this.#stopping.signal.aborted
  }

  /** Sends heartbeats during a slow handler: kafkajs sends them only on request. */
  #beatDuring(heartbeat: () => Promise<void>) {
    let failure: unknown
    const beat = () => {
      heartbeat().catch((error: unknown) => {
        failure ??= error
      })
    }
    const timer = setInterval(beat, this.#options.heartbeatEveryMs)
    return {
      stop: () => clearInterval(timer),
      throwIfFailed: () => {
        if (failure !== undefined) throw failure
      },
    }
  }

  /** False if the consumer must end without handling this event. */
  async #handleMessage({ value }: KafkaMessage, meta: ScoreMeta): Promise<boolean> {
    const { handler, onTombstone } = this.#options.handlers
    try {
      if (value === null) {
        await onTombstone?.(meta)
        return true
      }
      const decoded = await this.#decode(value, meta)
      if (typeof decoded === 'object') {
        await withinProcess(meta, this.#options.groupId, async () => handler(decoded, meta))
      }
      return decoded !== 'stopped'
    } catch (error) {
      if (!this.#isStopped()) this.#options.onFailure(asFailure(error))
      this.stop()
      return false
    }
  }

  /** Waits for the registry without a time limit: an unreachable registry is not the record's fault. */
  async #decode(value: Buffer, meta: ScoreMeta): Promise<ScoredEvent | 'passed' | 'stopped'> {
    const { onInvalid } = this.#options.handlers
    for (let attempt = 0; !this.#isStopped(); attempt += 1) {
      try {
        return await this.#options.decode(value)
      } catch (error) {
        if (!isValenceError(error)) throw error
        if (error.retryable) {
          await this.#waitForRegistry(attempt)
        } else if (onInvalid) {
          await onInvalid(error, meta)
          return 'passed'
        } else {
          throw new InvalidRecord(error)
        }
      }
    }
    return 'stopped'
  }

  async #waitForRegistry(attempt: number): Promise<void> {
    const waitMs = Math.min(registryBackoff.firstMs * 2 ** attempt, registryBackoff.maxMs)
    const { signal } = this.#stopping
    await delay(waitMs, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }
}

/** Distinguishes an invalid record from an error thrown by the handler. */
class InvalidRecord extends Error {
  readonly verdict: ValenceError

  constructor(verdict: ValenceError) {
    super(verdict.message, { cause: verdict })
    this.verdict = verdict
  }
}

function asFailure(error: unknown): ValenceError {
  if (error instanceof InvalidRecord) return error.verdict
  return new ValenceError('VAL_CONSUMER_HANDLER_FAILED', error instanceof Error ? error.message : String(error), {
    cause: error,
  })
}

function metaOf(message: KafkaMessage, { batch, commitOffsetsIfNecessary }: Batch): ScoreMeta {
  const { topic, partition } = batch
  const { offset, timestamp, key } = message
  const headerList = copyHeaders(headersOf(message))
  const next = String(BigInt(offset) + 1n)
  return {
    topic,
    partition,
    offset,
    timestamp: Number(timestamp),
    // kafkajs returns views of the fetch response; keeping a key would keep megabytes in memory.
    key: key && Buffer.from(key),
    headers: headersByName(headerList),
    headerList,
    // kafkajs's own `commitOffsets` silently does nothing while the consumer is stopping.
    commit: () => commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset: next }] }] }),
  }
}

function copyHeaders(headers: RecordHeaders): RecordHeaders {
  return headers.map(({ name, value, nameBytes }) => ({
    name,
    value: value && Buffer.from(value),
    ...(nameBytes && { nameBytes: Buffer.from(nameBytes) }),
  }))
}
