import { type Admin, type ITopicConfig, type KafkaFault, kafkaErrors } from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'
import { retryForCommand } from '../platform/retry-for-command.ts'
import { fetchLedTopics } from './fetch-led-topics.ts'
import { translateKafkaError } from './kafka-admin.ts'

export type TopicState = 'created' | 'existing' | 'failed'

export interface TopicOutcome {
  readonly topic: string
  readonly state: TopicState
  /** Number of partitions; 0 where the topic could not be created. */
  readonly partitions: number
  readonly replication: number
  readonly error?: ValenceError
}

/** Faults whose catalogue code says more than that the creation failed. */
const telling: ReadonlySet<KafkaFault> = new Set(['unreachable', 'authentication', 'authorisation'])

type TopicAdmin = Pick<Admin, 'listTopics' | 'createTopics' | 'fetchTopicMetadata'>

const createTimeoutMs = 20_000
/** A broker opens a log for each partition before it tells of the topic: 30 ms each on two busy cores. */
const perPartitionMs = 250

/** A topic that was just created is unknown to some brokers for a while. */
export async function listTopics(admin: Pick<Admin, 'listTopics'>): Promise<ReadonlySet<string>> {
  // One partition without a leader, of any topic, makes stock kafkajs refuse the whole list.
  const names = await retryForCommand(() => admin.listTopics().catch(rethrowTranslated))
  return new Set(names)
}

/**
 * Creates what is missing and waits until the brokers know it, for a time that grows with the partitions. A topic that
 * cannot be created fails by itself; another client that creates the same one at the same time is no error.
 * @throws VAL_KAFKA_* where the cluster does not answer
 */
export async function createTopics(
  admin: TopicAdmin,
  topics: readonly ITopicConfig[],
  timeoutMs = createTimeoutMs,
): Promise<TopicOutcome[]> {
  const known = await listTopics(admin)
  const attempts = new Map<string, { state: TopicState; error?: ValenceError }>()
  for (const config of topics) {
    attempts.set(config.topic, known.has(config.topic) ? { state: 'existing' } : await createOne(admin, config))
  }
  const created = topics.filter(({ topic }) => attempts.get(topic)?.state === 'created')
  const partitions = created.reduce((sum, { numPartitions = 1 }) => sum + numPartitions, 0)
  const deadline = performance.now() + timeoutMs + partitions * perPartitionMs
  const outcomes: TopicOutcome[] = []
  for (const { topic } of topics) {
    const { state, error } = attempts.get(topic) ?? { state: 'failed' }
    if (state === 'failed') outcomes.push({ topic, state, partitions: 0, replication: 0, ...(error && { error }) })
    else outcomes.push(await describe(admin, { topic, state, error }, deadline))
  }
  return outcomes
}

async function createOne(admin: TopicAdmin, config: ITopicConfig) {
  try {
    const isNew = await admin.createTopics({ topics: [config], waitForLeaders: false, timeout: createTimeoutMs })
    return { state: isNew ? 'created' : 'existing' } as const
  } catch (cause) {
    // After a timeout the topic may still be created.
    const isUnanswered = kafkaErrors.classify(cause).fault === 'unreachable'
    return { state: isUnanswered ? 'created' : 'failed', error: refusal(config.topic, cause) } as const
  }
}

function refusal(topic: string, cause: unknown): ValenceError {
  const { fault, type, message } = kafkaErrors.classify(cause)
  if (telling.has(fault)) return kafkaErrors.toValenceError(cause, 'VAL_KAFKA_TOPIC_REFUSED')
  return new ValenceError('VAL_KAFKA_TOPIC_REFUSED', `${topic}: ${type ?? message}`, { cause })
}

async function describe(
  admin: TopicAdmin,
  { topic, state, error }: { topic: string; state: TopicState; error: ValenceError | undefined },
  deadline: number,
): Promise<TopicOutcome> {
  try {
    const { topics } = await fetchLedTopics(admin, [topic], Math.max(0, deadline - performance.now()))
    const found = topics.find(({ name }) => name === topic)?.partitions ?? []
    return { topic, state, partitions: found.length, replication: found[0]?.replicas.length ?? 0 }
  } catch (cause) {
    const detail = `${topic}: the brokers do not know it yet; run the command again in a moment`
    const isMissing = kafkaErrors.classify(cause).fault === 'topic-missing'
    const late = isMissing ? new ValenceError('VAL_KAFKA_UNREACHABLE', detail, { cause }) : refusal(topic, cause)
    return { topic, state: 'failed', partitions: 0, replication: 0, error: error ?? late }
  }
}

function rethrowTranslated(error: unknown): never {
  throw translateKafkaError(error)
}
