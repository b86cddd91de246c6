import type { ConnectionOptions } from 'node:tls'
import { hostPortProblem, ValenceError } from '@valence/schemas'
import type { Consumer, ConsumerConfig, Kafka, Mechanism, RetryOptions, SASLOptions } from 'kafkajs'
import { codecs } from './codecs.ts'
import { type KafkaLog, type KafkaLogLevel, kafkaLogging } from './log.ts'
import { hardenSasl } from './oauth-bearer.ts'
import { type BatchListener, type OversizedBatch, setBatchListener } from './overlay/batch-listener.ts'
import { labelBatches } from './overlay/batch-topic-ids.ts'
import { loadHardenedKafkaJs, loadStockKafkaJs } from './overlay/install.ts'
import { type Membership, setMembership } from './overlay/static-membership.ts'

type KafkaJs = typeof import('kafkajs')

/** How to reach the brokers. */
export interface KafkaOptions {
  /** Bootstrap addresses `host:port`, as an array or separated by commas. */
  readonly brokers: string | readonly string[]
  readonly clientId: string
  /** `true`, or the options of Node's TLS sockets. */
  readonly tls?: boolean | ConnectionOptions | undefined
  readonly sasl?: SASLOptions | Mechanism | undefined
  /**
   * Makes the consumers of this client static members of their groups: a restart within the session timeout keeps the
   * assignment. Unique among the members of a group; needs the overlay.
   */
  readonly groupInstanceId?: string | undefined
  /**
   * Whether a static member leaves its group on `disconnect()`. By default it does not, because it means to come back;
   * see `setLeaveGroup` for deciding later. Members without `groupInstanceId` always leave.
   */
  readonly leaveGroup?: boolean | undefined
  /** Batches tell the id of their topic, see `topicIdOf`, for one small request after each fetch; needs the overlay. */
  readonly topicIds?: boolean | undefined
  /** Receives kafkajs's log; without it kafkajs is silent. */
  readonly onLog?: KafkaLog | undefined
  /** @default 'warn' */
  readonly logLevel?: KafkaLogLevel | undefined
  /** @default 5000 */
  readonly connectionTimeoutMs?: number | undefined
  /** @default 30000 */
  readonly requestTimeoutMs?: number | undefined
  /** Retries of connections and of requests for metadata; kafkajs's defaults unless given. */
  readonly retry?: RetryOptions | undefined
  /** `false` runs kafkajs as published; decided by the first client of a process. @default true */
  readonly overlay?: boolean | undefined
}

const defaults = { connectionTimeoutMs: 5_000, requestTimeoutMs: 30_000 }

const kafkaJsByClient = new WeakMap<Kafka, KafkaJs>()
const membershipByConsumer = new WeakMap<Consumer, Membership>()
const listenerByConsumer = new WeakMap<Consumer, BatchListener>()

/**
 * kafkajs with the overlay and all four codecs, for what a `Kafka` object does not carry: partition assigners, the
 * assigner protocol, enumerations.
 *
 * @throws VAL_KAFKA_OVERLAY_MISMATCH
 */
export function loadKafkaJs(overlay = true): KafkaJs {
  const kafkaJs = overlay ? loadHardenedKafkaJs() : loadStockKafkaJs()
  // Typed as three named codecs; at run time a table by number, which the two lists share.
  Object.assign(kafkaJs.CompressionCodecs, codecs)
  return kafkaJs
}

/** JavaScript callers, and settings that are read from files, have no types. */
function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function addresses(brokers: string | readonly string[]): string[] {
  const list: unknown = typeof brokers === 'string' ? brokers.split(',') : brokers
  if (!isStringList(list)) throw new ValenceError('VAL_CONFIG_INVALID', 'brokers must be a string or a list of strings')
  const named = list.map((address) => address.trim()).filter((address) => address !== '')
  if (named.length === 0) throw new ValenceError('VAL_CONFIG_INVALID', 'no Kafka broker is named')
  // kafkajs would take any text, cut it anywhere, and go on trying to reach what is left.
  const problem = hostPortProblem(named)
  if (problem !== undefined) throw new ValenceError('VAL_CONFIG_INVALID', `the brokers ${problem}`)
  return named
}

/**
 * A kafkajs client, hardened: the overlay and the codecs are in place before kafkajs is first used. Use one client for
 * each consumer, for the producers and for the admin: clients share what they believe to be committed.
 *
 * @throws VAL_KAFKA_OVERLAY_MISMATCH, VAL_CONFIG_INVALID
 */
export function createKafka(options: KafkaOptions): Kafka {
  const { overlay = true, groupInstanceId, leaveGroup = false } = options
  if (groupInstanceId !== undefined && !overlay) {
    throw new ValenceError('VAL_CONFIG_INVALID', 'static membership (groupInstanceId) needs the overlay')
  }
  const kafkaJs = loadKafkaJs(overlay)
  const kafka = new kafkaJs.Kafka({
    brokers: addresses(options.brokers),
    clientId: options.clientId,
    ...(options.tls ? { ssl: options.tls } : {}),
    ...(options.sasl ? { sasl: hardenSasl(options.sasl) } : {}),
    ...(options.retry ? { retry: options.retry } : {}),
    connectionTimeout: options.connectionTimeoutMs ?? defaults.connectionTimeoutMs,
    requestTimeout: options.requestTimeoutMs ?? defaults.requestTimeoutMs,
    ...kafkaLogging(options.onLog, options.logLevel),
  })
  kafkaJsByClient.set(kafka, kafkaJs)
  nameDefaultPartitioner(kafka, kafkaJs)
  if (overlay) makeConsumersListen(kafka, kafkaJs)
  if (options.topicIds && overlay) makeBatchesTellTopicIds(kafka, kafkaJs)
  if (groupInstanceId !== undefined) makeConsumersStatic(kafka, kafkaJs, { groupInstanceId, leaveGroup })
  return kafka
}

/** The kafkajs behind a client. @throws VAL_CONFIG_INVALID when it is not one of `createKafka` */
export function kafkaJsOf(kafka: Kafka): KafkaJs {
  const kafkaJs = kafkaJsByClient.get(kafka)
  if (!kafkaJs) throw new ValenceError('VAL_CONFIG_INVALID', 'the Kafka client was not made by createKafka')
  return kafkaJs
}

// kafkajs warns on each producer that does not name a partitioner, about a change of default in 2022.
function nameDefaultPartitioner(kafka: Kafka, { Partitioners }: KafkaJs): void {
  const createProducer = kafka.producer.bind(kafka)
  kafka.producer = (config) => createProducer({ createPartitioner: Partitioners.DefaultPartitioner, ...config })
}

/** Before the consumer joins its group. An assigner is the one place where kafkajs shows a consumer's cluster. */
function showingCluster(
  config: ConsumerConfig,
  { PartitionAssigners }: KafkaJs,
  use: (cluster: object) => void,
): ConsumerConfig {
  const assigners = config.partitionAssigners ?? [PartitionAssigners.roundRobin]
  const partitionAssigners = assigners.map((create): typeof create => (context) => {
    use(context.cluster)
    return create(context)
  })
  return { ...config, partitionAssigners }
}

function makeConsumersListen(kafka: Kafka, kafkaJs: KafkaJs): void {
  const createConsumer = kafka.consumer.bind(kafka)
  kafka.consumer = (config) => {
    const listener: BatchListener = {}
    const consumer = createConsumer(showingCluster(config, kafkaJs, (cluster) => setBatchListener(cluster, listener)))
    listenerByConsumer.set(consumer, listener)
    return consumer
  }
}

function makeBatchesTellTopicIds(kafka: Kafka, kafkaJs: KafkaJs): void {
  const createConsumer = kafka.consumer.bind(kafka)
  kafka.consumer = (config) => createConsumer(showingCluster(config, kafkaJs, labelBatches))
}

function makeConsumersStatic(
  kafka: Kafka,
  kafkaJs: KafkaJs,
  { groupInstanceId, leaveGroup }: { groupInstanceId: string; leaveGroup: boolean },
): void {
  const createConsumer = kafka.consumer.bind(kafka)
  kafka.consumer = (config) => {
    const membership: Membership = { groupInstanceId, leaveOnDisconnect: leaveGroup }
    const consumer = createConsumer(showingCluster(config, kafkaJs, (cluster) => setMembership(cluster, membership)))
    membershipByConsumer.set(consumer, membership)
    return consumer
  }
}

/**
 * Whether this static member leaves its group on `disconnect()`: `true` for scaling down, so that its partitions move
 * at once instead of after the session timeout. Without effect on members that are not static: they always leave.
 */
export function setLeaveGroup(consumer: Consumer, leave: boolean): void {
  const membership = membershipByConsumer.get(consumer)
  if (membership) membership.leaveOnDisconnect = leave
}

/**
 * Tells of a batch that unpacks to more than the limit (`setDecompressionLimit`), where its reader would crash otherwise.
 * It is fetched again and again unless the partition is paused.
 */
export function onOversizedBatch(consumer: Consumer, listener: (batch: OversizedBatch) => void): void {
  const own = listenerByConsumer.get(consumer)
  if (own) own.onOversized = listener
}

/**
 * `eachBatch` of this consumer gets batches of control or aborted records too, without messages; their last offset is to
 * be resolved like any other. Needs the overlay.
 */
export function takeEmptyBatches(consumer: Consumer): void {
  const own = listenerByConsumer.get(consumer)
  if (own) own.takesEmpty = true
}
