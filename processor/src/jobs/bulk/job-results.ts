import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin } from '@valence/producer-sdk/kafka'
import { headerText } from '@valence/schemas'
import type { Config } from '../../config/config.ts'
import { fetchLogRanges, fetchOffsetsAt, fetchWholeLogs } from '../../kafka/log-ranges.ts'
import type { KafkaRecord } from '../../kafka/record.ts'
import { partitionName } from '../../kafka/topic-partition.ts'
import type { PartitionRange } from '../../kafka/topic-reader.ts'
import { retryForCommand } from '../../platform/retry-for-command.ts'
import { readRanges } from '../read-ranges.ts'
import { jobHeader } from './load-object.ts'

/** Results of one object so far. */
export interface JobResults {
  scored: number
  deadLettered: number
}

const pauseMs = 1_000

/** Counts the results of the jobs of one run in the output and the dead-letter topic. */
export class ResultCounter {
  readonly #config: Config
  readonly #admin: Admin
  readonly #positions = new Map<string, bigint>()
  readonly #results = new Map<string, JobResults>()

  constructor(config: Config, admin: Admin) {
    this.#config = config
    this.#admin = admin
  }

  /**
   * Sets the start of counting: the current ends of the logs, or the time `since` in epoch milliseconds. Retries while
   * a partition has no leader, because its results would be missed. @throws VAL_KAFKA_PARTITION_LEADERLESS
   */
  async begin(since: number | undefined): Promise<void> {
    for (const topic of this.#topics()) {
      const ends = await retryForCommand(() => fetchWholeLogs(this.#admin, topic))
      const begins =
        since === undefined ? undefined : await retryForCommand(() => fetchOffsetsAt(this.#admin, topic, since))
      for (const { partition, low, high } of ends) {
        const begin = begins?.get(partition) ?? high
        const isGone = begin < low
        this.#positions.set(partitionName({ topic, partition }), isGone ? low : begin)
      }
    }
  }

  of(fingerprint: string): JobResults {
    const known = this.#results.get(fingerprint) ?? { scored: 0, deadLettered: 0 }
    this.#results.set(fingerprint, known)
    return known
  }

  /** Reads until `isEnough` (true), until no result came for `stillMs`, or until the signal is aborted (false). */
  async follow(isEnough: () => boolean, stillMs: number, signal: AbortSignal): Promise<boolean> {
    let movedAt = performance.now()
    while (!signal.aborted) {
      const counted = await this.#round(signal)
      if (isEnough()) return true
      if (counted > 0) movedAt = performance.now()
      if (performance.now() - movedAt > stillMs) return false
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
    }
    return false
  }

  #topics(): string[] {
    return [this.#config.outputTopic, this.#config.deadLetterTopic]
  }

  async #round(signal: AbortSignal): Promise<number> {
    let counted = 0
    for (const topic of this.#topics()) {
      // Partitions without a leader are skipped until a later round finds one.
      const { known } = await fetchLogRanges(this.#admin, topic)
      const ranges = known.map(({ partition, low, high }): PartitionRange => {
        return { partition, from: this.#positions.get(partitionName({ topic, partition })) ?? low, to: high }
      })
      counted += await this.#read(topic, ranges, signal)
      if (signal.aborted) break
    }
    return counted
  }

  async #read(topic: string, ranges: readonly PartitionRange[], signal: AbortSignal): Promise<number> {
    let counted = 0
    for await (const batch of readRanges(this.#config, 'bulk', topic, ranges)) {
      counted += batch.records.filter((record) => this.#count(topic, record)).length
      this.#positions.set(partitionName(batch), batch.nextOffset)
      if (signal.aborted) break
    }
    return counted
  }

  #count(topic: string, { headers }: KafkaRecord): boolean {
    const results = this.#results.get(headerText(headers, jobHeader) ?? '')
    if (results === undefined) return false
    if (topic === this.#config.outputTopic) results.scored += 1
    else results.deadLettered += 1
    return true
  }
}
