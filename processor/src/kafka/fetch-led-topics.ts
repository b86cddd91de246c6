import { setTimeout as sleep } from 'node:timers/promises'
import { type Admin, kafkaErrors } from '@valence/producer-sdk/kafka'

const pollMs = 50

/**
 * What the brokers know of these topics once each partition has a leader, or after `patienceMs`. A new topic is not
 * known to every broker at once, and kafkajs's own waiting gives up at the first that does not know it.
 */
export async function fetchLedTopics(
  admin: Pick<Admin, 'fetchTopicMetadata'>,
  topics: readonly string[],
  patienceMs: number,
) {
  for (const deadline = performance.now() + patienceMs; ; await sleep(pollMs)) {
    const isLast = performance.now() >= deadline
    const found = await admin.fetchTopicMetadata({ topics: [...topics] }).catch((error: unknown) => {
      if (isLast || kafkaErrors.classify(error).type !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
      return undefined
    })
    const hasLeaders = found?.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))
    if (found && (hasLeaders || isLast)) return found
  }
}
