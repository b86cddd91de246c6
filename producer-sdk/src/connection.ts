import { createSchemaRegistry, type SchemaRegistry } from '@valence/schemas'
import { createKafka, type Kafka, type KafkaOptions } from './kafka/index.ts'

/** The options of `createKafka` that apply to every client. */
export type ClientOptions = Pick<
  KafkaOptions,
  'tls' | 'sasl' | 'onLog' | 'logLevel' | 'connectionTimeoutMs' | 'requestTimeoutMs' | 'retry'
>

/** Connection to Kafka: addresses, or a client created by `createKafka`. */
export type Connection =
  | (ClientOptions & {
      readonly brokers: string | readonly string[]
      readonly clientId?: string
      readonly kafka?: never
    })
  | { readonly kafka: Kafka; readonly brokers?: never; readonly clientId?: never }

/** Optional schema registry: a URL, or an instance created by `createSchemaRegistry`. */
export interface RegistryConnection {
  /** Base URL of the Confluent-compatible API, including its path (Apicurio: `…/apis/ccompat/v7`). */
  readonly schemaRegistryUrl?: string | undefined
  readonly schemaRegistry?: SchemaRegistry | undefined
}

/** kafkajs's default retry delay of 300 ms, which doubles, is too long after a coordinator has moved. */
const defaultRetry = { retries: 12, initialRetryTime: 100, maxRetryTime: 1_000 }

export function kafkaFrom(connection: Connection, defaults: { clientId: string; groupInstanceId?: string }): Kafka {
  if (connection.kafka) return connection.kafka
  const { clientId = defaults.clientId, kafka: _, ...options } = connection
  const { groupInstanceId } = defaults
  return createKafka({ retry: defaultRetry, ...options, clientId, groupInstanceId })
}

export function registryFrom({ schemaRegistry, schemaRegistryUrl }: RegistryConnection): SchemaRegistry | undefined {
  return schemaRegistry ?? (schemaRegistryUrl ? createSchemaRegistry({ url: schemaRegistryUrl }) : undefined)
}
