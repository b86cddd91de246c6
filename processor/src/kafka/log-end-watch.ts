import { type Admin, kafkaErrors } from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'
import type { Logger } from '../observability/logger.ts'
import { fetchLogRanges } from './log-ranges.ts'
import type { TopicPartition } from './topic-partition.ts'

export interface LogEndWatchOptions {
  readonly admin: Pick<Admin, 'fetchTopicOffsets' | 'listTopics'>
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

  /**
   * The pipeline reports everything else; kafkajs fetches no more, and without a word, when an input topic is deleted. It
   * does not say which one either: its metadata of all topics is refused together.
   */
  async function report(reason: unknown): Promise<void> {
    logger.debug({ err: reason }, 'log ends not read')
    if (kafkaErrors.classify(reason).fault !== 'topic-missing') return
    const there = new Set(await admin.listTopics())
    for (const topic of topics().filter((own) => !there.has(own))) {
      const { code, detail, help } = new ValenceError('VAL_KAFKA_TOPIC_MISSING', topic)
      logger.error({ code, detail, help }, 'an input topic is gone')
    }
  }

  async function round(): Promise<void> {
    const answers = await Promise.allSettled(topics().map(ask))
    const failed = answers.find((answer) => answer.status === 'rejected')
    if (failed) await report(failed.reason).catch((err: unknown) => logger.debug({ err }, 'topics not listed'))
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
