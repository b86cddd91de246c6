import { inspect } from 'node:util'
import { type ErrorCode, isValenceError, ValenceError } from '@valence/schemas'
import { laterErrorType } from './overlay/error-codes.ts'

/**
 * Classes of Kafka client errors:
 *
 * - `fenced`: a newer producer has the transactional id; the caller no longer owns the partition.
 * - `instance-duplicate`: another member joined with the same group instance id. Never retried.
 * - `rebalance`: the generation ended; join again.
 * - `rebuild`: drop the producer, build a new one under the same id and read the position again.
 * - `unreachable`: no answer from the cluster; try again later.
 * - `authentication`, `authorisation`: the cluster refused the login or the operation.
 * - `topic-missing`, `too-large`: the topic does not exist, the record exceeds the broker's limit.
 * - `offset-gap`: the position lies outside the log.
 * - `fatal`: a defect or a wrong configuration; repeating it cannot help.
 */
export type KafkaFault =
  | 'fenced'
  | 'instance-duplicate'
  | 'rebalance'
  | 'rebuild'
  | 'unreachable'
  | 'authentication'
  | 'authorisation'
  | 'topic-missing'
  | 'too-large'
  | 'offset-gap'
  | 'fatal'

/** A classified error: the class, and the broker's error name if there is one (`INVALID_PRODUCER_EPOCH`). */
export interface KafkaFailure {
  readonly fault: KafkaFault
  readonly type: string | undefined
  readonly message: string
}

const faultByType: Readonly<Record<string, KafkaFault>> = {
  // In kafkajs's protocol versions, brokers report PRODUCER_FENCED as INVALID_PRODUCER_EPOCH.
  PRODUCER_FENCED: 'fenced',
  INVALID_PRODUCER_EPOCH: 'fenced',
  INVALID_PRODUCER_ID_MAPPING: 'fenced',
  TRANSACTION_COORDINATOR_FENCED: 'fenced',
  FENCED_INSTANCE_ID: 'instance-duplicate',
  UNRELEASED_INSTANCE_ID: 'instance-duplicate',
  REBALANCE_IN_PROGRESS: 'rebalance',
  ILLEGAL_GENERATION: 'rebalance',
  UNKNOWN_MEMBER_ID: 'rebalance',
  FENCED_MEMBER_EPOCH: 'rebalance',
  STALE_MEMBER_EPOCH: 'rebalance',
  LEADER_NOT_AVAILABLE: 'unreachable',
  NOT_LEADER_FOR_PARTITION: 'unreachable',
  REQUEST_TIMED_OUT: 'unreachable',
  BROKER_NOT_AVAILABLE: 'unreachable',
  NETWORK_EXCEPTION: 'unreachable',
  NOT_ENOUGH_REPLICAS: 'unreachable',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'unreachable',
  GROUP_LOAD_IN_PROGRESS: 'unreachable',
  GROUP_COORDINATOR_NOT_AVAILABLE: 'unreachable',
  NOT_COORDINATOR_FOR_GROUP: 'unreachable',
  NOT_CONTROLLER: 'unreachable',
  SASL_AUTHENTICATION_FAILED: 'authentication',
  UNSUPPORTED_SASL_MECHANISM: 'authentication',
  ILLEGAL_SASL_STATE: 'authentication',
  DELEGATION_TOKEN_EXPIRED: 'authentication',
  TOPIC_AUTHORIZATION_FAILED: 'authorisation',
  GROUP_AUTHORIZATION_FAILED: 'authorisation',
  CLUSTER_AUTHORIZATION_FAILED: 'authorisation',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'authorisation',
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: 'authorisation',
  UNKNOWN_TOPIC_OR_PARTITION: 'topic-missing',
  UNKNOWN_TOPIC_ID: 'topic-missing',
  INVALID_TOPIC_EXCEPTION: 'topic-missing',
  MESSAGE_TOO_LARGE: 'too-large',
  RECORD_LIST_TOO_LARGE: 'too-large',
  OFFSET_OUT_OF_RANGE: 'offset-gap',
  UNSUPPORTED_VERSION: 'fatal',
  UNSUPPORTED_COMPRESSION_TYPE: 'fatal',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'fatal',
  INVALID_GROUP_ID: 'fatal',
  INVALID_SESSION_TIMEOUT: 'fatal',
  INVALID_TRANSACTION_TIMEOUT: 'fatal',
  INCONSISTENT_GROUP_PROTOCOL: 'fatal',
}

const faultByName: Readonly<Record<string, KafkaFault>> = {
  KafkaJSSASLAuthenticationError: 'authentication',
  KafkaJSOffsetOutOfRange: 'offset-gap',
  KafkaJSConnectionError: 'unreachable',
  KafkaJSConnectionClosedError: 'unreachable',
  KafkaJSRequestTimeoutError: 'unreachable',
  KafkaJSTimeout: 'unreachable',
  KafkaJSLockTimeout: 'unreachable',
  KafkaJSBrokerNotFound: 'unreachable',
  KafkaJSNoBrokerAvailableError: 'unreachable',
  KafkaJSGroupCoordinatorNotFound: 'unreachable',
  KafkaJSMetadataNotLoaded: 'unreachable',
  KafkaJSTopicMetadataNotLoaded: 'topic-missing',
  KafkaJSStaleTopicMetadataAssignment: 'rebalance',
  KafkaJSNotImplemented: 'fatal',
  KafkaJSServerDoesNotSupportApiKey: 'fatal',
  KafkaJSInvariantViolation: 'fatal',
}

const faultByCode: Readonly<Partial<Record<ErrorCode, KafkaFault>>> = {
  VAL_KAFKA_AUTHENTICATION_FAILED: 'authentication',
  VAL_KAFKA_TOKEN_UNAVAILABLE: 'unreachable',
}

const tlsCode = /^ERR_(TLS|SSL)|CERT|SELF_SIGNED|UNABLE_TO_VERIFY/
const stockUnknownCode = /^Unknown error code (\d+)$/
const maxDepth = 16

interface Link {
  readonly name?: unknown
  readonly type?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly cause?: unknown
  readonly errors?: unknown
}

/** The error and its chain of causes, outermost first; ends at cycles and at a fixed depth. */
function causes(error: unknown): Link[] {
  const links: Link[] = []
  const waiting: unknown[] = [error]
  while (waiting.length > 0 && links.length < maxDepth) {
    const link = waiting.shift()
    if (typeof link !== 'object' || link === null || links.includes(link)) continue
    links.push(link)
    const { cause, errors } = link as Link
    waiting.push(cause, ...(Array.isArray(errors) ? errors : []))
  }
  return links
}

function typeOf({ type, message }: Link): string | undefined {
  const unknownCode = typeof message === 'string' ? stockUnknownCode.exec(message)?.[1] : undefined
  if (unknownCode !== undefined) return laterErrorType(Number(unknownCode)) ?? `UNKNOWN_${unknownCode}`
  return typeof type === 'string' ? type : undefined
}

function faultOf(link: Link): KafkaFault | undefined {
  const type = typeOf(link)
  if (type !== undefined) return faultByType[type] ?? 'rebuild'
  if (isValenceError(link)) return faultByCode[link.code]
  if (typeof link.code === 'string' && tlsCode.test(link.code)) return 'authentication'
  return typeof link.name === 'string' ? faultByName[link.name] : undefined
}

function messageOf(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 0 })
}

/** Classifies any value; never throws. An unknown error of kafkajs is `rebuild`. */
function classify(error: unknown): KafkaFailure {
  const links = causes(error)
  const named = links.find((link) => typeOf(link) !== undefined) ?? links.find((link) => faultOf(link) !== undefined)
  const isGenerationOver = links.some((link) => isValenceError(link) && link.code === 'VAL_KAFKA_GENERATION_OVER')
  const isKafka = links.some(({ name }) => typeof name === 'string' && name.startsWith('KafkaJS'))
  return {
    fault: isGenerationOver ? 'rebalance' : ((named && faultOf(named)) ?? (isKafka ? 'rebuild' : 'fatal')),
    type: named && typeOf(named),
    message: messageOf(named?.message ?? links[0]?.message ?? error),
  }
}

const codeByFault: Readonly<Partial<Record<KafkaFault, ErrorCode>>> = {
  fenced: 'VAL_KAFKA_FENCED',
  'instance-duplicate': 'VAL_KAFKA_INSTANCE_DUPLICATE',
  unreachable: 'VAL_KAFKA_UNREACHABLE',
  authentication: 'VAL_KAFKA_AUTHENTICATION_FAILED',
  authorisation: 'VAL_KAFKA_NOT_AUTHORISED',
  'topic-missing': 'VAL_KAFKA_TOPIC_MISSING',
  'too-large': 'VAL_RECORD_TOO_LARGE_TO_PUBLISH',
  'offset-gap': 'VAL_KAFKA_OFFSET_GAP',
}

/** Catalogue codes of broker errors that are more specific than their class. */
const codeByType: Readonly<Record<string, ErrorCode>> = { LEADER_NOT_AVAILABLE: 'VAL_KAFKA_PARTITION_LEADERLESS' }

/** The catalogue error for a client error; `otherwise` is its code if the class has none. */
function toValenceError(error: unknown, otherwise: ErrorCode): ValenceError {
  // kafkajs wraps errors of its callbacks, for example of a token provider.
  const own = causes(error).find(isValenceError)
  if (own) return own
  const { fault, type, message } = classify(error)
  const detail = type === undefined || message.includes(type) ? message : `${type}: ${message}`
  const code = codeByType[type ?? ''] ?? codeByFault[fault] ?? otherwise
  return new ValenceError(code, detail, { cause: error })
}

/** Broker errors caused by a single record; the same request without that record may succeed. */
const recordRefusals: ReadonlySet<string> = new Set([
  // Brokers before 2.4 return this for a record without key on a compacted topic.
  'CORRUPT_MESSAGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'MESSAGE_TOO_LARGE',
  'POLICY_VIOLATION',
  'RECORD_LIST_TOO_LARGE',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
])

/** Whether a Produce error is caused by a record, not by the producer, the transaction or the cluster. */
function refusesRecord(error: unknown): boolean {
  const { type } = classify(error)
  return type !== undefined && recordRefusals.has(type)
}

interface Timed {
  readonly timestamp?: unknown
}

/** Whether the broker refuses the timestamp set at sending: the clocks differ, and no record is the cause. */
function refusesClock(error: unknown, records: readonly Timed[]): boolean {
  return classify(error).type === 'INVALID_TIMESTAMP' && records.every(({ timestamp }) => timestamp === undefined)
}

/** Like `toValenceError`, for an error of a Produce request with these records. */
function toProduceError(error: unknown, otherwise: ErrorCode, records: readonly Timed[]): ValenceError {
  const { fault, type, message } = classify(error)
  if (refusesClock(error, records)) {
    const detail = `${message} (it is ${new Date().toISOString()} here)`
    return new ValenceError('VAL_KAFKA_TIMESTAMP_REFUSED', detail, { cause: error })
  }
  if (!refusesRecord(error) || fault === 'too-large') return toValenceError(error, otherwise)
  return new ValenceError('VAL_RECORD_REFUSED_BY_BROKER', type ?? message, { cause: error })
}

/** Classification of errors of kafkajs and brokers, and their conversion to catalogue errors. */
export const kafkaErrors = {
  /** The class of an error; accepts any value and never throws. */
  classify,
  /** Whether the broker refuses the timestamp set at sending. */
  refusesClock,
  /** Whether a Produce error is caused by a record. */
  refusesRecord,
  /** Like `toValenceError`, for an error of a Produce request with these records. */
  toProduceError,
  /** The catalogue error for a client error. */
  toValenceError,
} as const
