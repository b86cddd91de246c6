import { type Admin, createKafka, type Kafka, kafkaErrors } from '@valence/producer-sdk/kafka'
import { parseHostPort } from '@valence/schemas'
import type { Config } from '../config/config.ts'
import { commandTransactionalId } from '../kafka/group-names.ts'
import { kafkaConnection } from '../kafka/kafka-client.ts'
import { noLeader } from '../kafka/log-ranges.ts'
import { reach } from './endpoint.ts'
import { answerWithin, type Finding, failure } from './finding.ts'
import { checkTexts } from './sample-texts.ts'
import { checkTopicSettings } from './topic-settings.ts'

const area = 'kafka'
const connectMs = 2_000
const stepMs = 3_000

type ClusterDescription = Awaited<ReturnType<Admin['describeCluster']>>

/** Checks Kafka in steps, from name resolution to a transaction. A step runs only if the one before it succeeded. */
export async function checkKafka(config: Config): Promise<Finding[]> {
  const bootstrap = await checkBootstrap(config.kafkaBrokers)
  if (bootstrap.status === 'fail') return [bootstrap]
  const kafka = openKafka(config)
  if (!('client' in kafka)) return [bootstrap, kafka]
  const admin = kafka.client.admin({ retry: { retries: 0 } })
  try {
    const connected = await checkConnect(config, admin)
    if (connected.status === 'fail') return [bootstrap, connected]
    return [bootstrap, connected, ...(await checkCluster(config, kafka.client, admin))]
  } finally {
    await admin.disconnect()
  }
}

function openKafka(config: Config): { client: Kafka } | Finding {
  try {
    return {
      client: createKafka({
        ...kafkaConnection(config),
        clientId: 'valence-doctor',
        connectionTimeoutMs: connectMs,
        requestTimeoutMs: stepMs,
        retry: { retries: 0 },
      }),
    }
  } catch (error) {
    return failure({ area, check: 'client' }, error)
  }
}

async function checkBootstrap(brokers: readonly string[]): Promise<Finding> {
  const problems = await unreachable(brokers.map(parseHostPort).filter((endpoint) => endpoint !== undefined))
  const check = 'reach'
  if (problems.length === 0) return { area, check, status: 'ok', detail: brokers.join(', ') }
  const help = 'Check VALENCE_KAFKA_BROKERS and that the broker runs; `make stack-up` starts one on this machine.'
  const status = problems.length === brokers.length ? 'fail' : 'warn'
  return { area, check, status, detail: problems.join('; '), help }
}

async function unreachable(endpoints: readonly { host: string; port: number }[]): Promise<string[]> {
  const attempts = await Promise.allSettled(endpoints.map((endpoint) => reach(endpoint, connectMs)))
  return attempts.flatMap((attempt) => (attempt.status === 'rejected' ? [(attempt.reason as Error).message] : []))
}

async function checkConnect(config: Config, admin: Admin): Promise<Finding> {
  const check = 'connect'
  const how = [config.kafkaTlsEnabled ? 'TLS' : 'no TLS', config.kafkaSaslMechanism ?? 'no authentication'].join(', ')
  try {
    await answerWithin(stepMs, admin.connect())
    return { area, check, status: 'ok', detail: how }
  } catch (error) {
    return failure({ area, check }, kafkaErrors.toValenceError(error, 'VAL_KAFKA_UNREACHABLE'))
  }
}

async function checkCluster(config: Config, kafka: Kafka, admin: Admin): Promise<Finding[]> {
  try {
    const cluster = await answerWithin(stepMs, admin.describeCluster())
    const [advertised, topics, transactions] = await Promise.all([
      checkAdvertised(cluster),
      checkTopics(config, admin, cluster),
      checkTransactions(config, kafka),
    ])
    // A topic that is missing has its finding; reading from it would only wait.
    const isRead = (topic: string) =>
      topics.some(({ check, status }) => check === `topic ${topic}` && status !== 'fail')
    const texts = await Promise.all(config.inputTopics.filter(isRead).map((topic) => checkTexts(config, topic)))
    return [advertised, ...topics, ...texts, transactions]
  } catch (error) {
    return [failure({ area, check: 'metadata' }, kafkaErrors.toValenceError(error, 'VAL_KAFKA_UNREACHABLE'))]
  }
}

/** Checks the advertised listeners. Clients connect to them after the bootstrap address; they are often misconfigured. */
async function checkAdvertised({ brokers }: ClusterDescription): Promise<Finding> {
  const problems = await unreachable(brokers)
  const check = 'cluster'
  const detail = `${brokers.length} broker${brokers.length === 1 ? '' : 's'}: ${brokers.map(({ host, port }) => `${host}:${port}`).join(', ')}`
  if (problems.length === 0) return { area, check, status: 'ok', detail }
  const help =
    'These are the addresses the brokers advertise; correct advertised.listeners so that they work from here.'
  return { area, check, status: 'fail', detail: problems.join('; '), help }
}

async function checkTopics(config: Config, admin: Admin, { brokers }: ClusterDescription): Promise<Finding[]> {
  const wanted = [...config.inputTopics, config.outputTopic, config.deadLetterTopic]
  const known = new Set(await answerWithin(stepMs, admin.listTopics()))
  const existing = wanted.filter((topic) => known.has(topic))
  const metadata = await answerWithin(stepMs, admin.fetchTopicMetadata({ topics: existing }))
  const replicasOf = new Map(
    metadata.topics.map(({ name, partitions }) => [
      name,
      Math.min(...partitions.map(({ replicas }) => replicas.length)),
    ]),
  )
  const settings = await answerWithin(
    stepMs,
    checkTopicSettings(config, admin, replicasOf, brokers[0]?.nodeId ?? 0),
  ).catch((error: unknown) => [failure({ area, check: 'settings of topics', status: 'skipped' }, error)])
  const found = wanted.map((topic): Finding => {
    const check = `topic ${topic}`
    const known = metadata.topics.find(({ name }) => name === topic)
    if (!existing.includes(topic) || known === undefined) {
      // Brokers return the same error code in both cases.
      const detail = 'does not exist, or this user may not see it'
      const help = 'Create it: `valence topics create`. If it is there, grant Describe on it.'
      return { area, check, status: 'fail', detail, help }
    }
    const leaderless = known.partitions.filter(({ leader }) => leader < 0).map(({ partitionId }) => partitionId)
    if (leaderless.length > 0) {
      const names = leaderless.sort((a, b) => a - b).join(', ')
      const { help } = noLeader(topic, leaderless)
      return { area, check, status: 'fail', detail: `without a leader: partition ${names}`, help }
    }
    const replicas = known.partitions[0]?.replicas.length ?? 0
    const detail = `${known.partitions.length} partitions, ${replicas} replicas`
    if (replicas >= Math.min(3, brokers.length)) return { area, check, status: 'ok', detail }
    const help = 'A lost broker would take records with it: raise the replication factor to 3.'
    return { area, check, status: 'warn', detail, help }
  })
  return [...found, ...settings]
}

/** Begins and aborts one transaction: checks that the coordinator answers and that the user is authorised. */
async function checkTransactions(config: Config, kafka: Kafka): Promise<Finding> {
  const check = 'transactions'
  const transactionalId = commandTransactionalId(config.kafkaGroupId, 'doctor')
  const producer = kafka.producer({
    transactionalId,
    transactionTimeout: config.kafkaTransactionTimeoutMs,
    maxInFlightRequests: 1,
    // On a fresh cluster the first transaction creates the internal topic, during which the coordinator is unavailable.
    retry: { retries: 3, initialRetryTime: 300 },
  })
  const tryOne = async () => {
    await producer.connect()
    await (await producer.transaction()).abort()
  }
  try {
    await answerWithin(2 * stepMs, tryOne())
    return { area, check, status: 'ok', detail: `possible with the transactional id ${transactionalId}` }
  } catch (error) {
    const failed = kafkaErrors.toValenceError(error, 'VAL_KAFKA_TRANSACTION_FAILED')
    const help = `Grant Write and Describe on the transactional ids ${config.kafkaGroupId}.*, and see transaction.state.log.replication.factor on small clusters.`
    return failure({ area, check }, failed, help)
  } finally {
    await producer.disconnect()
  }
}
