import { type Admin, kafkaErrors } from '@valence/producer-sdk/kafka'
import type { Logger } from '../observability/logger.ts'
import { fetchLogRanges } from './log-ranges.ts'
import { nameMissingTopic } from './name-missing-topic.ts'
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
    const { known, leaderless } = await fetchLogRanges(admin, topic).catch(nameMissingTopic(topic))
    for (const { partition, high } of known) onEnd({ topic, partition }, high)
    for (const partition of leaderless) onLeaderless({ topic, partition })
  }

  /** The pipeline reports everything else; kafkajs fetches on without a word when an input topic is deleted. */
  function report(reason: unknown): void {
    const { code, detail, help } = kafkaErrors.toValenceError(reason, 'VAL_KAFKA_UNREACHABLE')
    if (code === 'VAL_KAFKA_TOPIC_MISSING') logger.error({ code, detail, help }, 'an input topic is gone')
    else logger.debug({ err: reason }, 'log ends not read')
  }

  async function round(): Promise<void> {
    const answers = await Promise.allSettled(topics().map(ask))
    for (const answer of answers) if (answer.status === 'rejected') report(answer.reason)
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
