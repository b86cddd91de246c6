/**
 * The parts of kafkajs's inside that the overlay touches, as they are in 2.2.4. kafkajs publishes no types for them;
 * the checksums in checksums.ts guarantee that these declarations match.
 */

/** Loads a file of kafkajs, by its path below `src/`. */
export type LoadInternal = <Exports>(file: string) => Exports

export interface KafkaJsError extends Error {
  readonly retriable?: boolean
  /** The protocol's name of the error. */
  readonly type?: string
  /** Of a closed connection: the broker's address. */
  readonly host?: string
  readonly port?: number
}

type KafkaJsErrorClass = new (
  message: string | Error,
  options?: { cause?: unknown; retriable?: boolean },
) => KafkaJsError

export interface Errors {
  readonly KafkaJSConnectionClosedError: new (message: string, address: { host: string; port: number }) => KafkaJsError
  readonly KafkaJSError: KafkaJsErrorClass
  readonly KafkaJSNonRetriableError: KafkaJsErrorClass
  readonly KafkaJSTopicMetadataNotLoaded: new (message: string, options: { topic: string }) => KafkaJsError
}

export interface Logger {
  debug(message: string, fields?: object): void
  error(message: string, fields?: object): void
}

export interface RequestDefinition<Arguments> {
  readonly versions: readonly string[]
  readonly protocol: (options: { version: number }) => (request: Arguments) => ProtocolRequest
}

/** A request with its decoder; `parse` is where kafkajs turns error codes into exceptions. */
export interface ProtocolRequest {
  readonly request: unknown
  /** False for requests whose refusal is part of the plan: kafkajs logs the others as errors. */
  readonly logResponseError?: boolean
  readonly response: { decode(payload: Buffer): Promise<unknown>; parse(data: unknown): Promise<unknown> }
}

export type ApiName =
  | 'AddOffsetsToTxn'
  | 'AddPartitionsToTxn'
  | 'EndTxn'
  | 'Heartbeat'
  | 'InitProducerId'
  | 'JoinGroup'
  | 'LeaveGroup'
  | 'Metadata'
  | 'OffsetFetch'
  | 'Produce'
  | 'SyncGroup'
  | 'TxnOffsetCommit'

export interface Protocol {
  readonly apiKeys: Readonly<Record<ApiName, number>>
  // biome-ignore lint/suspicious/noExplicitAny: each request has arguments of its own; its caller knows them.
  readonly requests: Readonly<Record<ApiName, RequestDefinition<any>>>
}

/** What a request needs of a broker. */
export interface Requester {
  readonly connectionPool: { send(request: ProtocolRequest): Promise<unknown> }
  lookupRequest<Arguments>(
    apiKey: number,
    definition: RequestDefinition<Arguments>,
  ): (request: Arguments) => ProtocolRequest
  disconnect(): Promise<void>
}

export interface ProducerIdentity {
  readonly producerId: string | number
  readonly producerEpoch: number
}

export interface OffsetTopic {
  readonly topic: string
  readonly partitions: readonly {
    readonly partition: number
    readonly offset: string
    readonly metadata?: string | null
  }[]
}

export interface Broker extends Requester {
  readonly nodeId: number
  /** By API key; null before it is connected. */
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>> | null
  isConnected(): boolean
}

export interface PartitionMetadata {
  readonly partitionId: number
  readonly leader: number
}

export interface Cluster {
  isConnected(): boolean
  connect(): Promise<void>
  getNodeIds(): readonly string[]
  refreshMetadata(): Promise<void>
  refreshMetadataIfNecessary(): Promise<void>
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>
  findTopicPartitionMetadata(topic: string): PartitionMetadata[]
  findBroker(options: { nodeId: number | string }): Promise<Broker>
  findControllerBroker(): Promise<Broker>
  findGroupCoordinator(options: { groupId: string; coordinatorType: number }): Promise<Broker>
  removeBroker(address: { host: string; port: number }): void
}

/** kafkajs's retry loop: what `attempt` throws is retried unless it says otherwise; `bail` ends it at once. */
export type Retrier = <Result>(
  attempt: (bail: (error: unknown) => void, retryCount: number, retryTime: number) => Promise<Result>,
) => Promise<Result>
