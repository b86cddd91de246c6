import { partitionName } from '../kafka/topic-partition.ts'
import type { Logger } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { Standstill } from './partition-progress.ts'

export interface StandstillWatchOptions {
  /** Of all partitions, now. */
  readonly find: () => readonly Standstill[]
  readonly metrics: Metrics
  readonly logger: Logger
  readonly now?: () => number
}

/** Logs and measures which partitions stand still, and logs when they go on. */
export class StandstillWatch {
  readonly #options: StandstillWatchOptions
  #told = new Map<string, Standstill>()

  constructor(options: StandstillWatchOptions) {
    this.#options = options
  }

  /** Call about once a second. */
  look(): void {
    const { find, metrics, logger, now = Date.now } = this.#options
    const standing = new Map(find().map((own) => [partitionName(own), own]))
    if (standing.size === 0 && this.#told.size === 0) return
    metrics.pipeline.standstill.reset()
    for (const [name, own] of standing) {
      const { topic, partition, since, code, cause } = own
      metrics.pipeline.standstill.set({ topic, partition: String(partition), code }, (now() - since) / 1_000)
      if (this.#told.get(name)?.code === code) continue
      logger.error(
        { topic, partition, code, cause, since: new Date(since).toISOString() },
        'the partition stands still',
      )
    }
    for (const [name, { topic, partition, since }] of this.#told) {
      if (standing.has(name)) continue
      logger.info({ topic, partition, stoodMs: now() - since }, 'the partition does not stand still any more')
    }
    this.#told = standing
  }
}
