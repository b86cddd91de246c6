import type { KafkaSecurity, SecuredListeners } from './kafka-security.ts'

/** Kafka brokers that a test can kill and restart individually; `i` is the index in `brokers`, from 0. */
export interface KafkaCluster {
  /** `host:port` of each broker; a broker keeps its port when it is restarted. */
  readonly brokers: readonly string[]
  /** Secured listeners of the first broker, with `kafkaSecurity`. */
  readonly secured?: SecuredListeners
  /** SIGKILL; resolves when the broker has ended. Its data is kept. */
  kill(i: number): Promise<void>
  /** SIGSTOP: the broker does not answer until it is resumed. */
  pause(i: number): Promise<void>
  resume(i: number): Promise<void>
  /** Restarts the broker, after a clean stop if it still runs; resolves when it answers as part of the cluster. */
  restart(i: number): Promise<void>
  stop(): Promise<void>
}

export type StackPart = 'kafka' | 'registry' | 'redis'

/** The running parts. A part that was not requested has an empty address. */
export interface LocalStack {
  /** Comma-separated `host:port`: the value of VALENCE_KAFKA_BROKERS. */
  readonly brokers: string
  /** Base URL of a Confluent-compatible registry: the value of VALENCE_SCHEMA_REGISTRY_URL. */
  readonly registryUrl: string
  readonly redisUrl: string
  readonly kafka: KafkaCluster
  readonly provider: 'environment' | 'testcontainers' | 'processes'
  /** The addresses as VALENCE_… settings; an absent part has none. */
  readonly environment: Readonly<Record<string, string>>
  /** Stops the parts started here and removes their data; parts from the environment are not stopped. */
  stop(): Promise<void>
}

export interface LocalStackOptions {
  readonly kafkaNodes?: 1 | 3
  readonly parts?: readonly StackPart[]
  /** Use the parts in VALENCE_KAFKA_BROKERS and similar settings instead of starting own ones; only for test runs. */
  readonly fromEnvironment?: boolean
  readonly onProgress?: (line: string) => void
  /** Folder of data and logs, kept at stop. Default: a temporary folder, removed at stop. */
  readonly directory?: string
  /** Requested ports; further brokers use the following ports. A part without a port gets a free one. */
  readonly ports?: Readonly<Partial<Record<StackPart, number>>>
  /** Broker properties that override the defaults of the stack. */
  readonly kafkaProperties?: Readonly<Record<string, string>>
  /** TLS, SASL and ACLs on separate listeners; the brokers then always run as local processes. */
  readonly kafkaSecurity?: KafkaSecurity
  /** Default: VALENCE_LOCAL_KAFKA_VERSION, else the tested version. */
  readonly kafkaVersion?: string
}
