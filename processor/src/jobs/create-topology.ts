import type { Admin, ITopicConfig } from '@valence/producer-sdk/kafka'
import type { Config } from '../config/config.ts'
import { createTopics, type TopicOutcome } from '../kafka/create-topics.ts'

type Role = 'input' | 'output' | 'dead letters' | 'feedback'

interface TopicPlan {
  readonly topic: string
  readonly role: Role
}

export type TopicResult = TopicPlan & TopicOutcome

/** People look at dead letters long after the texts themselves are gone. */
const deadLetterRetentionMs = 30 * 24 * 3_600_000
/** A dead letter is a whole record and more headers, so it must be allowed to be larger than any record. */
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
    // With three replicas one may be down and the others still agree; with fewer there is none to spare.
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
 * Creates the topics of the configuration; those that exist stay as they are.
 * @param replication of each partition; 3, or as many as there are brokers, where undefined
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
