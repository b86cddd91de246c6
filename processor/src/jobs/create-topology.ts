import type { Admin, ITopicConfig } from '@valence/producer-sdk/kafka'
import type { Config } from '../config/config.ts'
import { createTopics, type TopicOutcome } from '../kafka/create-topics.ts'

type Role = 'input' | 'output' | 'dead letters' | 'feedback'

interface TopicPlan {
  readonly topic: string
  readonly role: Role
}

export type TopicResult = TopicPlan & TopicOutcome

/** 30 days: dead letters are examined long after the retention of the inputs. */
const deadLetterRetentionMs = 30 * 24 * 3_600_000
/** A dead letter is the input record plus headers, so its limit exceeds the default of the input topics (1 MiB). */
const deadLetterMaxBytes = 2 * 1024 * 1024

function topicPlans({ inputTopics, outputTopic, deadLetterTopic, feedbackTopic }: Config): TopicPlan[] {
  return [
    ...inputTopics.map((topic): TopicPlan => ({ topic, role: 'input' })),
    { topic: outputTopic, role: 'output' },
    { topic: deadLetterTopic, role: 'dead letters' },
    ...(feedbackTopic === undefined ? [] : [{ topic: feedbackTopic, role: 'feedback' } as const]),
  ]
}

function topicConfig({ topic, role }: TopicPlan, partitions: number, replication: number): ITopicConfig {
  const settings = {
    // With three replicas, 2 in sync tolerate one failed broker. With fewer, a minimum of 2 would tolerate none.
    'min.insync.replicas': replication >= 3 ? '2' : '1',
    'cleanup.policy': 'delete',
    ...(role === 'dead letters'
      ? { 'retention.ms': String(deadLetterRetentionMs), 'max.message.bytes': String(deadLetterMaxBytes) }
      : {}),
  }
  return {
    topic,
    numPartitions: partitions,
    replicationFactor: replication,
    configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
  }
}

/**
 * Creates the topics of the configuration; existing topics are not changed.
 * @param replication replication factor; if undefined, 3 or the number of brokers if that is lower
 */
export async function createTopology(
  config: Config,
  admin: Admin,
  partitions: number,
  replication: number | undefined,
): Promise<TopicResult[]> {
  const { brokers } = await admin.describeCluster()
  const plans = topicPlans(config)
  const replicas = replication ?? Math.min(3, brokers.length)
  const outcomes = await createTopics(
    admin,
    plans.map((plan) => topicConfig(plan, partitions, replicas)),
  )
  return outcomes.map((outcome, at) => ({ ...(plans[at] as TopicPlan), ...outcome }))
}
