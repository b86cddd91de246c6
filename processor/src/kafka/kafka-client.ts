import {
  createKafka,
  type Kafka,
  type KafkaLog,
  type KafkaOptions,
  setDecompressionLimit,
  setRecordMemory,
} from '@valence/producer-sdk/kafka'
import type { Config } from '../config/config.ts'
import type { Logger } from '../observability/logger.ts'
import { readTlsFiles } from '../platform/tls-files.ts'
import { saslOptions } from './sasl.ts'

function tlsOptions(config: Config): KafkaOptions['tls'] {
  const { kafkaTlsCaFile, kafkaTlsCertFile, kafkaTlsKeyFile } = config
  if (!config.kafkaTlsEnabled) return undefined
  return readTlsFiles('VALENCE_KAFKA_TLS', { ca: kafkaTlsCaFile, cert: kafkaTlsCertFile, key: kafkaTlsKeyFile })
}

/** kafkajs logs routine events as warnings and errors while it retries them; final failures come as our own errors. */
function logTo(logger: Logger): KafkaLog {
  return (level, message, fields) => {
    const quiet = level === 'error' || level === 'warn' ? 'debug' : 'trace'
    logger[quiet]({ ...fields, kafkaMessage: message }, 'kafka client')
  }
}

/** How a command or service reaches the brokers; the settings VALENCE_KAFKA_* in kafkajs's terms. */
export function kafkaConnection(config: Config): Pick<KafkaOptions, 'brokers' | 'tls' | 'sasl'> {
  return { brokers: config.kafkaBrokers, tls: tlsOptions(config), sasl: saslOptions(config) }
}

/**
 * A Kafka client for one role; roles never share one, because kafkajs shares a map of committed offsets between the
 * clients of one `Kafka`. @throws VAL_FILE_UNREADABLE
 */
export function createKafkaClient(
  config: Config,
  role: string,
  logger: Logger,
  options: Pick<KafkaOptions, 'groupInstanceId' | 'topicIds'> = {},
): Kafka {
  setDecompressionLimit(config.kafkaMaxBatchBytes)
  setRecordMemory(config.kafkaBufferBytes)
  return createKafka({
    ...kafkaConnection(config),
    clientId: `valence-${role}`,
    onLog: logTo(logger),
    // A connection without an answer for this long is replaced; brokers answer in milliseconds.
    requestTimeoutMs: 10_000,
    // Short, so that an unreachable broker is reported within seconds; services retry above.
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 },
    logLevel: logger.isLevelEnabled('trace') ? 'info' : 'warn',
    ...options,
  })
}
