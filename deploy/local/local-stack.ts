import type { KafkaSecurity, SecuredListeners } from './kafka-security.ts'

/** Kafka brokers that a test can kill and restart one by one; `i` counts from 0, in the order of `brokers`. */
export interface KafkaCluster {
  /** `host:port` of each broker; a broker keeps its port when it is restarted. */
  readonly brokers: readonly string[]
  /** Of the first broker, where `kafkaSecurity` was asked for. */
  readonly secured?: SecuredListeners
  /** SIGKILL; resolves once the broker is gone. Its data stays. */
  kill(i: number): Promise<void>
  /** SIGSTOP: it stays as it is, and answers nothing until it is resumed. */
  pause(i: number): Promise<void>
  resume(i: number): Promise<void>
  /** Starts the broker again, after a clean stop if it still runs; resolves once it answers as part of the cluster. */
  restart(i: number): Promise<void>
  stop(): Promise<void>
}

export type StackPart = 'kafka' | 'registry' | 'redis'

/** The parts that Valence needs, running. What was not asked for has an empty address. */
export interface LocalStack {
  /** Comma separated `host:port`: the value of VALENCE_KAFKA_BROKERS. */
  readonly brokers: string
  /** Base URL of a Confluent-compatible registry: the value of VALENCE_SCHEMA_REGISTRY_URL. */
  readonly registryUrl: string
  readonly redisUrl: string
  readonly kafka: KafkaCluster
  readonly provider: 'environment' | 'testcontainers' | 'processes'
  /** The same as VALENCE_… settings; a part that is not there has no line. */
  readonly environment: Readonly<Record<string, string>>
  /** Stops what was started here and removes its data; what the environment gave is left alone. */
  stop(): Promise<void>
}

export interface LocalStackOptions {
  readonly kafkaNodes?: 1 | 3
  readonly parts?: readonly StackPart[]
  /** Use what VALENCE_KAFKA_BROKERS and its like name instead of own parts: for runs of the tests, and nothing else. */
  readonly fromEnvironment?: boolean
  readonly onProgress?: (line: string) => void
  /** Where data and logs go; kept at stop. By default a temporary folder, removed at stop. */
  readonly directory?: string
  /** Ports to have; several brokers take those that follow. What is left out gets a free port. */
  readonly ports?: Readonly<Partial<Record<StackPart, number>>>
  /** Broker properties over the defaults of the stack. */
  readonly kafkaProperties?: Readonly<Record<string, string>>
  /** TLS, SASL and ACLs on listeners of their own; always brokers of this machine's own, as processes. */
  readonly kafkaSecurity?: KafkaSecurity
  /** Default: VALENCE_LOCAL_KAFKA_VERSION, else the version that is tested. */
  readonly kafkaVersion?: string
}
