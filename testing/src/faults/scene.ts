import type { KafkaCluster } from '@valence/deploy/local/local-stack'
import { loadKafkaJs } from '@valence/producer-sdk/kafka'
import { createSchemaRegistry, frame, textEventAvro, valueSubject } from '@valence/schemas'
import type { TestKafka, TestTopics, TextEncoding } from '../counting/workload.ts'
import { createDice, type Dice } from '../inputs/dice.ts'
import { createRandom } from '../inputs/random.ts'
import { createTcpProxy, type TcpProxy } from '../kafka/tcp-proxy.ts'
import { KafkaLink } from './kafka-link.ts'
import { createLyingRedis, type RedisLie } from './lying-redis.ts'
import { openRegistryGate, type RegistryGate } from './registry-gate.ts'
import { Seat } from './seat.ts'
import type { Stage } from './stage.ts'

/** One run: topics of its own, and processors at work on them, each behind a network of its own. */
export interface Scene {
  readonly cluster: KafkaCluster
  readonly kafka: TestKafka
  readonly topics: TestTopics
  readonly seats: readonly Seat[]
  readonly dice: Dice
  /** The network to Redis, and whether Redis tells the truth. Without Redis on the stage it leads nowhere. */
  readonly redis: TcpProxy & { lie: RedisLie | undefined }
  /** The same for the schema registry. */
  readonly registry: RegistryGate
  /** One more processor, empty-handed until it is started. */
  addSeat(): Promise<Seat>
  close(): Promise<void>
}

export interface SceneOptions {
  readonly seed: number
  readonly processors: number
  readonly replication: number
  readonly environment: Readonly<Record<string, string>>
}

/** Short enough that a zombie outlives it within a test; VALENCE_KAFKA_SESSION_TIMEOUT_MS begins at 6 s. */
export const sessionTimeoutMs = 6_000
/** The same for transactions, where a processor is to outlive its own; elsewhere they last as long as by default. */
const shortTransactionMs = 7_000
export const shortTransactions = { VALENCE_KAFKA_TRANSACTION_TIMEOUT_MS: String(shortTransactionMs) }
/** Nothing of a processor with short transactions is waited for any more. */
export const givenUpMs = Math.max(sessionTimeoutMs, shortTransactionMs)

export async function openScene(stage: Stage, options: SceneOptions): Promise<Scene> {
  const { kafka, cluster, redisUrl, registryUrl } = stage
  const topics = await kafka.createTopics({ replication: options.replication })
  // One more than of the input, so that the results of one input partition go to all of the output.
  const spread = [{ topic: topics.output, count: 7 }]
  await kafka.admin.createPartitions({ topicPartitions: spread })
  // The clocks of processors may be wrong; silences are measured by the brokers'.
  await useBrokerClock(kafka, topics.output)
  const redis = await openRedisProxy(redisUrl, options.seed)
  const registry = await openRegistryGate(registryUrl)
  const environment = {
    ...topics.environment,
    VALENCE_MODEL: stage.model,
    VALENCE_INFERENCE_WORKERS: '1',
    VALENCE_KAFKA_SESSION_TIMEOUT_MS: String(sessionTimeoutMs),
    ...(redisUrl && { VALENCE_REDIS_URL: `redis://127.0.0.1:${redis.port}` }),
    ...(registryUrl && { VALENCE_SCHEMA_REGISTRY_URL: registry.url }),
    ...options.environment,
  }
  const seats: Seat[] = []
  async function addSeat(): Promise<Seat> {
    const random = createRandom(options.seed + seats.length)
    const seat = new Seat({
      name: `seat-${seats.length}`,
      environment,
      link: await KafkaLink.to(cluster.brokers, random),
    })
    seats.push(seat)
    return seat
  }
  for (let seat = 0; seat < options.processors; seat += 1) await addSeat()
  await Promise.all(seats.map((seat) => seat.start()))
  return {
    cluster,
    kafka,
    topics,
    seats,
    dice: createDice(options.seed),
    redis,
    registry,
    addSeat,
    async close() {
      await Promise.all([redis, registry, ...seats.map(({ link }) => link)].map((part) => part.close()))
    },
  }
}

async function useBrokerClock({ admin }: TestKafka, topic: string): Promise<void> {
  const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]
  const topicResource = loadKafkaJs().ConfigResourceTypes.TOPIC
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: topicResource, name: topic, configEntries }],
  })
}

async function openRedisProxy(redisUrl: string, seed: number): Promise<Scene['redis']> {
  const { hostname, port } = redisUrl === '' ? { hostname: '127.0.0.1', port: 1 } : new URL(redisUrl)
  const converse = () => createLyingRedis(() => redis.lie, createRandom(seed))
  const proxy = await createTcpProxy({ host: hostname, port: Number(port), converse })
  const redis: Scene['redis'] = Object.assign(proxy, { lie: undefined as RedisLie | undefined })
  return redis
}

/** Encodes texts as Avro in the wire format, with the schema registered for the input. */
export async function avroEncoding({ registryUrl }: Stage, { input }: TestTopics): Promise<TextEncoding> {
  const registry = createSchemaRegistry({ url: registryUrl })
  const id = await registry.registerFor(valueSubject(input), 'text-event')
  return ({ id: textId, text }) => frame(id, textEventAvro.encode({ id: textId, text, attributes: { text } }))
}
