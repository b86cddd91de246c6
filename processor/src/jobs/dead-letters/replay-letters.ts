import type { KafkaRecord, OutgoingRecord, RecordBatch } from '../../kafka/record.ts'
import type { Job } from '../job.ts'
import { sessionOpener, TopicSessions } from '../partition-sessions.ts'
import { type LetterFilter, letterRanges, readLetters, toFoundLetter } from './dead-letters.ts'
import { isRefusal, type RefusedLetters, ReplayOrigins } from './replay-origins.ts'
import { lettersPerTransaction, planReplay, type ReplayStep } from './replay-plan.ts'

export interface LetterReplay {
  readonly filter: LetterFilter
  /** Consumer group whose committed offsets mark replayed letters. */
  readonly groupId: string
  readonly limit: number
}

interface LetterCounts {
  replayed: number
  skipped: number
  /** Letters that the origin topic refused. */
  refused: number
}

/**
 * Sends dead letters back to their origin topics. The transaction that sends letters also commits the offsets of the
 * replay group, so a replay resumes after a crash and sends each letter once.
 */
export async function replayLetters(
  { config, admin, signal, progress }: Job,
  replay: LetterReplay,
): Promise<{ readonly counts: Readonly<LetterCounts>; readonly refused: readonly RefusedLetters[] }> {
  const counts: LetterCounts = { replayed: 0, skipped: 0, refused: 0 }
  const origins = new ReplayOrigins(admin)
  await using sessions = new TopicSessions(config.deadLetterTopic, sessionOpener(config, admin, replay.groupId))
  const ranges = await sessions.open(await letterRanges(admin, config.deadLetterTopic))
  progress.start(ranges.reduce((sum, { from, to }) => sum + Number(to - from), 0))
  const left = new Set(ranges.map(({ partition }) => partition))
  for await (const batch of readLetters(config, ranges)) {
    if (!left.has(batch.partition)) continue
    const isSettled = await new BatchReplay(batch, replay, counts, origins, sessions).settle(signal)
    progress.update(counts.replayed + counts.skipped + counts.refused, counts.replayed)
    if (isSettled) left.delete(batch.partition)
    if (signal.aborted || left.size === 0 || counts.replayed >= replay.limit) break
  }
  return { counts, refused: origins.refused }
}

/** Settles the letters of one batch. If a transaction is refused, the rest is sent one letter per transaction. */
class BatchReplay {
  readonly #batch: RecordBatch
  readonly #replay: LetterReplay
  readonly #counts: LetterCounts
  readonly #origins: ReplayOrigins
  readonly #sessions: TopicSessions
  /** Letters below this offset are settled. */
  #settled = -1n

  constructor(
    batch: RecordBatch,
    replay: LetterReplay,
    counts: LetterCounts,
    origins: ReplayOrigins,
    sessions: TopicSessions,
  ) {
    this.#batch = batch
    this.#replay = replay
    this.#counts = counts
    this.#origins = origins
    this.#sessions = sessions
  }

  /** Resolves to true if this run has nothing more to replay from the partition. */
  async settle(signal: AbortSignal): Promise<boolean> {
    try {
      return await this.#settleBy(lettersPerTransaction, signal)
    } catch (error) {
      if (!isRefusal(error)) throw error
      await this.#sessions.reopen(this.#batch.partition)
      return await this.#settleBy(1, signal)
    }
  }

  async #settleBy(most: number, signal: AbortSignal): Promise<boolean> {
    const { partition, records, nextOffset } = this.#batch
    const { filter, limit } = this.#replay
    const letters = records
      .filter(({ offset }) => offset >= this.#settled)
      .map((record) => toFoundLetter(partition, record))
    for (const step of planReplay(letters, nextOffset, filter, () => limit - this.#counts.replayed, most)) {
      await this.#publish(step, most === 1)
      this.#settled = step.nextOffset
      this.#counts.skipped += step.skipped
      if (step.isLast) return true
      if (signal.aborted) return false
    }
    return false
  }

  async #publish({ outgoing, letters, nextOffset }: ReplayStep, isAlone: boolean): Promise<void> {
    const { partition } = this.#batch
    const refusals = await Promise.all(outgoing.map((record) => this.#origins.refusalOf(record)))
    const returned = letters.filter((_, at) => refusals[at] !== undefined)
    const taken = outgoing.filter((_, at) => refusals[at] === undefined)
    try {
      await this.#sessions.of(partition).publish([...taken, ...returned.map((own) => this.#again(own))], nextOffset)
      this.#counts.replayed += taken.length
    } catch (error) {
      const only = letters[0]
      if (!isAlone || only === undefined || returned.length > 0 || !isRefusal(error)) throw error
      const session = await this.#sessions.reopen(partition)
      await session.publish([this.#again(only)], nextOffset)
      refusals[0] = error.code
    }
    for (const [at, code] of refusals.entries()) {
      if (code === undefined) continue
      this.#origins.refuse(outgoing[at]?.topic ?? '', code, `${partition}:${letters[at]?.offset}`)
      this.#counts.refused += 1
    }
  }

  /** A refused letter is appended to the dead-letter topic again, where the next run of the same group reads it. */
  #again({ key, value, headers }: KafkaRecord): OutgoingRecord {
    return { topic: this.#batch.topic, partition: this.#batch.partition, key, value, headers }
  }
}
