import type { Admin, ITopicConfig } from '@valence/producer-sdk/kafka'
import { type Config, readConfig } from '../runtime/config.ts'
import type { CliContext, CommandOptions, ExitCode } from './cli-context.ts'
import { fetchLedTopics } from './fetch-led-topics.ts'
import { withAdmin } from './kafka-admin.ts'
import { countOption } from './options.ts'
import { paint, writeJson, writeLines } from './output.ts'
import { formatTable } from './table.ts'

type Role = 'input' | 'output' | 'dead letters' | 'feedback'

interface TopicPlan {
  readonly topic: string
  readonly role: Role
}

interface TopicResult extends TopicPlan {
  readonly state: 'created' | 'existing'
  readonly partitions: number
  readonly replication: number
}

/** People look at dead letters long after the texts themselves are gone. */
const deadLetterRetentionMs = 30 * 24 * 3_600_000
/** A dead letter is a whole record and more headers, so it must be allowed to be larger than any record. */
const deadLetterMaxBytes = 2 * 1024 * 1024
const createTimeoutMs = 20_000

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

async function describeTopics(admin: Admin, topics: readonly string[]) {
  if (topics.length === 0) return new Map<string, { partitions: number; replication: number }>()
  const metadata = await fetchLedTopics(admin, topics, createTimeoutMs)
  return new Map(
    metadata.topics.map(({ name, partitions }) => [
      name,
      { partitions: partitions.length, replication: partitions[0]?.replicas.length ?? 0 },
    ]),
  )
}

/** Creates what is missing. Another client that creates the same topic at the same time is no error. */
async function createMissing(
  admin: Admin,
  plans: readonly TopicPlan[],
  partitions: number,
  replication: number,
): Promise<TopicResult[]> {
  const known = new Set(await admin.listTopics())
  const created = new Set<string>()
  for (const plan of plans.filter(({ topic }) => !known.has(topic))) {
    const isNew = await admin.createTopics({
      topics: [topicConfig(plan, partitions, replication)],
      waitForLeaders: false,
      timeout: createTimeoutMs,
    })
    if (isNew) created.add(plan.topic)
  }
  const found = await describeTopics(
    admin,
    plans.map(({ topic }) => topic),
  )
  return plans.map((plan) => ({
    ...plan,
    state: created.has(plan.topic) ? 'created' : 'existing',
    ...(found.get(plan.topic) ?? { partitions, replication }),
  }))
}

/** `topics create`: the topics of the configuration; those that exist stay as they are. */
export async function runTopicsCreate(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const partitions = countOption(options, 'partitions') ?? 6
  const wanted = countOption(options, 'replication')
  const results = await withAdmin(config, async (admin) => {
    const { brokers } = await admin.describeCluster()
    return createMissing(admin, topicPlans(config), partitions, wanted ?? Math.min(3, brokers.length))
  })
  if (options.json) await writeJson(context.stdout, results)
  else await writeLines(context.stdout, toTable(results))
  for (const { topic, partitions: found } of results.filter((result) => result.partitions !== partitions)) {
    const note = `${topic} has ${found} partitions, not ${partitions}; it was left alone, because adding partitions moves keys to others\n`
    context.stderr.write(paint(context.stderr, 'yellow', note))
  }
  return 0
}

function toTable(results: readonly TopicResult[]): string[] {
  return formatTable(
    [
      { title: 'TOPIC' },
      { title: 'ROLE' },
      { title: 'PARTITIONS', align: 'right' },
      { title: 'REPLICATION', align: 'right' },
      { title: 'STATE' },
    ],
    results.map(({ topic, role, partitions, replication, state }) => [
      topic,
      role,
      String(partitions),
      String(replication),
      state,
    ]),
  )
}
