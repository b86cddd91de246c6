import type { Admin } from '@valence/producer-sdk/kafka'
import type { Logger } from '../observability/logger.ts'
import { fetchLogRanges } from './log-ranges.ts'
import type { TopicPartition } from './topic-partition.ts'

export interface LogEndWatchOptions {
  readonly admin: Pick<Admin, 'fetchTopicOffsets'>
  /** The topics to ask for; asked anew each time. */
  readonly topics: () => readonly string[]
  readonly onEnd: (partition: TopicPartition, end: bigint) => void
  /** A partition without a leader: its end offset is unknown. */
  readonly onLeaderless: (partition: TopicPartition) => void
  /** After each round, whether the brokers answered or not. */
  readonly onRound: () => void
  readonly intervalMs: number
  readonly logger: Logger
}

/**
 * Polls the end offsets of the logs: a paused partition fetches nothing, so its lag would seem constant just when it
 * grows. Returns the function that stops it.
 */
export function watchLogEnds(options: LogEndWatchOptions): () => void {
  const { admin, topics, onEnd, onLeaderless, onRound, intervalMs, logger } = options

  async function ask(topic: string): Promise<void> {
    const { known, leaderless } = await fetchLogRanges(admin, topic)
    for (const { partition, high } of known) onEnd({ topic, partition }, high)
    for (const partition of leaderless) onLeaderless({ topic, partition })
  }

  async function round(): Promise<void> {
    const answers = await Promise.allSettled(topics().map(ask))
    const failed = answers.find((answer) => answer.status === 'rejected')
    // The pipeline reports unreachable brokers; here only the lag gets old.
    if (failed) logger.debug({ err: failed.reason }, 'log ends not read')
    onRound()
  }

  let timer: NodeJS.Timeout | undefined
  let ended = false
  const next = () => {
    timer = setTimeout(() => void round().finally(() => ended || next()), intervalMs)
    timer.unref()
  }
  next()
  return () => {
    ended = true
    clearTimeout(timer)
  }
}
