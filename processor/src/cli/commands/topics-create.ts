import type { ITopicConfig } from '@valence/producer-sdk/kafka'
import { type Config, readConfig } from '../../config/config.ts'
import { createTopics, type TopicOutcome } from '../../kafka/create-topics.ts'
import { withAdmin } from '../../kafka/kafka-admin.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { countOption } from '../options.ts'
import { paint, safeLine, writeJson, writeLines } from '../output.ts'
import { formatTable } from '../table.ts'

type Role = 'input' | 'output' | 'dead letters' | 'feedback'

interface TopicPlan {
  readonly topic: string
  readonly role: Role
}

type TopicResult = TopicPlan & TopicOutcome

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

/** `topics create`: the topics of the configuration; those that exist stay as they are. */
export async function runTopicsCreate(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const partitions = countOption(options, 'partitions') ?? 6
  const wanted = countOption(options, 'replication')
  const results = await withAdmin(config, async (admin) => {
    const { brokers } = await admin.describeCluster()
    const plans = topicPlans(config)
    const replication = wanted ?? Math.min(3, brokers.length)
    const outcomes = await createTopics(
      admin,
      plans.map((plan) => topicConfig(plan, partitions, replication)),
    )
    return outcomes.map((outcome, at): TopicResult => ({ ...(plans[at] as TopicPlan), ...outcome }))
  })
  if (options.json) await writeJson(context.stdout, results.map(toJson))
  else await writeLines(context.stdout, toTable(results))
  const failed = results.filter(({ state }) => state === 'failed')
  for (const { topic, error } of failed) {
    const note = `${safeLine(`${topic}: ${error?.code}: ${error?.message}`)}\n${error?.help}\n`
    context.stderr.write(paint(context.stderr, 'red', note))
  }
  const different = results.filter(({ state, partitions: found }) => state !== 'failed' && found !== partitions)
  for (const { topic, partitions: found } of different) {
    const note = `${topic} has ${found} partitions, not ${partitions}; it was left alone, because adding partitions moves keys to others\n`
    context.stderr.write(paint(context.stderr, 'yellow', note))
  }
  return failed.length === 0 ? 0 : 1
}

function toJson({ topic, role, state, partitions, replication, error }: TopicResult) {
  return { topic, role, state, partitions, replication, ...(error && { code: error.code, detail: error.detail }) }
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
