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

/** Addresses, login, timeouts and logging of a Kafka client. */
export interface KafkaOptions {
  /** Bootstrap addresses `host:port`, as an array or separated by commas. */
  readonly brokers: string | readonly string[]
  readonly clientId: string
  /** `true`, or the options of Node's TLS sockets. */
  readonly tls?: boolean | ConnectionOptions | undefined
  readonly sasl?: SASLOptions | Mechanism | undefined
  /**
   * Makes the consumers of this client static members of their groups: a restart within the session timeout keeps the
   * assignment. Must be unique among the members of a group; needs the overlay.
   */
  readonly groupInstanceId?: string | undefined
  /**
   * Whether a static member leaves its group on `disconnect()`. Default: false, because it is expected to restart;
   * `setLeaveGroup` changes this later. Members without `groupInstanceId` always leave.
   */
  readonly leaveGroup?: boolean | undefined
  /** Fetched batches carry their topic id, see `topicIdOf`; costs one small request per fetch; needs the overlay. */
  readonly topicIds?: boolean | undefined
  /** Receives kafkajs's log entries; without it kafkajs logs nothing. */
  readonly onLog?: KafkaLog | undefined
  /** @default 'warn' */
  readonly logLevel?: KafkaLogLevel | undefined
  /** @default 5000 */
  readonly connectionTimeoutMs?: number | undefined
  /** @default 30000 */
  readonly requestTimeoutMs?: number | undefined
  /** Retries of connections and metadata requests. @default kafkajs's defaults */
  readonly retry?: RetryOptions | undefined
  /** `false` uses stock kafkajs; the first client of a process decides for all. @default true */
  readonly overlay?: boolean | undefined
}

const defaults = { connectionTimeoutMs: 5_000, requestTimeoutMs: 30_000 }
/**
 * kafkajs logs in again so long before a login ends. Its 10 s are too early for a login that is shorter, for example by a
 * token near its end: a broker refuses a second login within a second (ILLEGAL_SASL_STATE). Chosen, not measured.
 */
const reauthenticationThresholdMs = 2_000

const kafkaJsByClient = new WeakMap<Kafka, KafkaJs>()
const membershipByConsumer = new WeakMap<Consumer, Membership>()
const listenerByConsumer = new WeakMap<Consumer, BatchListener>()

/**
 * The kafkajs module with the overlay and all four codecs, for exports that a `Kafka` object does not have: partition
 * assigners, the assigner protocol, enumerations.
 *
 * @throws VAL_KAFKA_OVERLAY_MISMATCH
 */
export function loadKafkaJs(overlay = true): KafkaJs {
  const kafkaJs = overlay ? loadHardenedKafkaJs() : loadStockKafkaJs()
  // The type has three named codecs; at run time it is a table by codec number.
  Object.assign(kafkaJs.CompressionCodecs, codecs)
  return kafkaJs
}

/** Checked at run time: JavaScript callers and settings from files have no types. */
function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function addresses(brokers: string | readonly string[]): string[] {
  const list: unknown = typeof brokers === 'string' ? brokers.split(',') : brokers
  if (!isStringList(list)) throw new ValenceError('VAL_CONFIG_INVALID', 'brokers must be a string or a list of strings')
  const named = list.map((address) => address.trim()).filter((address) => address !== '')
  if (named.length === 0) throw new ValenceError('VAL_CONFIG_INVALID', 'no Kafka broker is named')
  // kafkajs accepts any string, splits it at any colon, and then retries the wrong address.
  const problem = hostPortProblem(named)
  if (problem !== undefined) throw new ValenceError('VAL_CONFIG_INVALID', `the brokers ${problem}`)
  return named
}

/**
 * Creates a hardened kafkajs client; the overlay and the codecs are installed before kafkajs is first used. Use one
 * client for each consumer, one for the producers and one for the admin: objects of one client share their view of
 * committed offsets.
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
    reauthenticationThreshold: reauthenticationThresholdMs,
    ...kafkaLogging(options.onLog, options.logLevel),
  })
  kafkaJsByClient.set(kafka, kafkaJs)
  nameDefaultPartitioner(kafka, kafkaJs)
  if (overlay) makeConsumersListen(kafka, kafkaJs)
  if (options.topicIds && overlay) makeBatchesTellTopicIds(kafka, kafkaJs)
  if (groupInstanceId !== undefined) makeConsumersStatic(kafka, kafkaJs, { groupInstanceId, leaveGroup })
  return kafka
}

/** The kafkajs module of a client. @throws VAL_CONFIG_INVALID if the client was not created by `createKafka` */
export function kafkaJsOf(kafka: Kafka): KafkaJs {
  const kafkaJs = kafkaJsByClient.get(kafka)
  if (!kafkaJs) throw new ValenceError('VAL_CONFIG_INVALID', 'the Kafka client was not made by createKafka')
  return kafkaJs
}

// kafkajs warns about its changed default for each producer without a partitioner.
function nameDefaultPartitioner(kafka: Kafka, { Partitioners }: KafkaJs): void {
  const createProducer = kafka.producer.bind(kafka)
  kafka.producer = (config) => createProducer({ createPartitioner: Partitioners.DefaultPartitioner, ...config })
}

/** Runs before the consumer joins its group. kafkajs exposes a consumer's cluster only to partition assigners. */
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
 * Sets whether this static member leaves its group on `disconnect()`: `true` for scaling down, so that its partitions
 * move at once instead of after the session timeout. No effect on dynamic members: they always leave.
 */
export function setLeaveGroup(consumer: Consumer, leave: boolean): void {
  const membership = membershipByConsumer.get(consumer)
  if (membership) membership.leaveOnDisconnect = leave
}

/**
 * Registers a callback for batches that decompress to more than the limit (`setDecompressionLimit`); without it the
 * consumer crashes. The batch is fetched repeatedly unless the partition is paused.
 */
export function onOversizedBatch(consumer: Consumer, listener: (batch: OversizedBatch) => void): void {
  const own = listenerByConsumer.get(consumer)
  if (own) own.onOversized = listener
}

/**
 * Lets `eachBatch` of this consumer also receive batches of control or aborted records, without messages; resolve their
 * last offset like any other. Needs the overlay.
 */
export function takeEmptyBatches(consumer: Consumer): void {
  const own = listenerByConsumer.get(consumer)
  if (own) own.takesEmpty = true
}
