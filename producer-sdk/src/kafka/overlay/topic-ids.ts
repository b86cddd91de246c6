import { AsyncLocalStorage } from 'node:async_hooks'
import { sendTo } from './broker-request.ts'
import type { ProtocolRequest, Requester } from './internals.ts'
import { processWide } from './process-wide.ts'

export interface MetadataBroker extends Requester {
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>>
}

export interface MetadataBrokerClass {
  readonly prototype: MetadataBroker & { metadata(topics?: readonly string[]): Promise<unknown> }
}

interface Encoder {
  writeBoolean(value: boolean): Encoder
  writeBuffer(value: Buffer): Encoder
  writeUVarIntBytes(): Encoder
  writeUVarIntString(value: string): Encoder
  writeUVarIntArray(values: Encoder[]): Encoder
}

interface Decoder {
  readBoolean(): boolean
  readBytes(length: number): Buffer
  readInt16(): number
  readInt32(): number
  readUVarIntString(): string | null
  readUVarIntArray<Item>(read: (decoder: Decoder) => Item): Item[] | null
  readTaggedFields(): unknown
}

export interface MetadataInternals {
  readonly Encoder: new () => Encoder
  readonly Decoder: new (buffer: Buffer) => Decoder
  readonly metadataKey: number
  /** kafkajs's own: turns error codes into exceptions. */
  readonly parse: (data: unknown) => Promise<unknown>
}

/** By topic. In the form that Kafka's own tools print. */
export type TopicIds = ReadonlyMap<string, string>

interface MetadataResponse {
  readonly topicMetadata: readonly { readonly topic: string; readonly topicId: string | undefined }[]
}

/** Metadata has topic ids from this version on (KIP-516). */
const version = 10
const uuidBytes = 16
const noId = Buffer.alloc(uuidBytes)

const reads = processWide('topic-id-reads', () => new AsyncLocalStorage<Map<string, string>>())

/** During `read`, metadata requests also return topic ids; resolves to them. */
export async function readingTopicIds(read: () => Promise<unknown>): Promise<TopicIds> {
  const found = new Map<string, string>()
  await reads.run(found, read)
  return found
}

/** The ids of topics by this very broker; undefined where it is older than topic ids. */
export async function askForTopicIds(
  broker: MetadataBroker,
  topics: readonly string[],
  internals: MetadataInternals,
): Promise<TopicIds | undefined> {
  if ((broker.versions[internals.metadataKey]?.maxVersion ?? 0) < version) return undefined
  return idsOf((await sendTo(broker, metadataRequest(topics, internals))) as MetadataResponse)
}

/**
 * Hunk L. A topic that is deleted and created again is another topic, which only its id shows. kafkajs supports
 * Metadata up to v6; topic ids need v10.
 */
export function addTopicIds(brokerClass: MetadataBrokerClass, internals: MetadataInternals): void {
  const stockMetadata = brokerClass.prototype.metadata
  brokerClass.prototype.metadata = async function metadata(this: MetadataBroker, topics = []) {
    const found = reads.getStore()
    const isSupported = (this.versions[internals.metadataKey]?.maxVersion ?? 0) >= version
    // Without names kafkajs means all topics, which it does not need here.
    if (!found || !isSupported || topics.length === 0) return stockMetadata.call(this, topics)
    const response = (await sendTo(this, metadataRequest(topics, internals))) as MetadataResponse
    for (const [topic, id] of idsOf(response)) found.set(topic, id)
    return response
  }
}

function idsOf({ topicMetadata }: MetadataResponse): TopicIds {
  return new Map(
    topicMetadata.flatMap(({ topic, topicId }) => (topicId === undefined ? [] : [[topic, topicId] as const])),
  )
}

/** Metadata v10. Both headers of a flexible version carry tagged fields, which kafkajs leaves to the body. */
function metadataRequest(
  topics: readonly string[],
  { Encoder, Decoder, metadataKey, parse }: MetadataInternals,
): ProtocolRequest {
  const named = (topic: string) => new Encoder().writeBuffer(noId).writeUVarIntString(topic).writeUVarIntBytes()
  const encode = async () =>
    new Encoder()
      .writeUVarIntBytes()
      .writeUVarIntArray(topics.map(named))
      // Neither create topics nor tell what is allowed.
      .writeBoolean(false)
      .writeBoolean(false)
      .writeBoolean(false)
      .writeUVarIntBytes()
  return {
    request: { apiKey: metadataKey, apiVersion: version, apiName: 'Metadata', encode },
    response: { decode: async (payload) => decodeResponse(new Decoder(payload)), parse },
  }
}

/** In the shape of kafkajs's own, with the ids besides. */
function decodeResponse(decoder: Decoder) {
  decoder.readTaggedFields()
  return {
    throttleTime: 0,
    clientSideThrottleTime: decoder.readInt32(),
    brokers: decoder.readUVarIntArray(decodeBroker) ?? [],
    clusterId: decoder.readUVarIntString(),
    controllerId: decoder.readInt32(),
    topicMetadata: decoder.readUVarIntArray(decodeTopic) ?? [],
  }
}

function decodeBroker(decoder: Decoder) {
  const nodeId = decoder.readInt32()
  const host = decoder.readUVarIntString()
  const port = decoder.readInt32()
  const rack = decoder.readUVarIntString()
  decoder.readTaggedFields()
  return { nodeId, host, port, rack }
}

function decodeTopic(decoder: Decoder) {
  const topicErrorCode = decoder.readInt16()
  const topic = decoder.readUVarIntString()
  const id = decoder.readBytes(uuidBytes)
  const isInternal = decoder.readBoolean()
  const partitionMetadata = decoder.readUVarIntArray(decodePartition) ?? []
  decoder.readInt32()
  decoder.readTaggedFields()
  const topicId = id.equals(noId) ? undefined : id.toString('base64url')
  return { topicErrorCode, topic, topicId, isInternal, partitionMetadata }
}

function decodePartition(decoder: Decoder) {
  const readNodes = () => decoder.readUVarIntArray((own) => own.readInt32()) ?? []
  const partitionErrorCode = decoder.readInt16()
  const partitionId = decoder.readInt32()
  const leader = decoder.readInt32()
  decoder.readInt32()
  const replicas = readNodes()
  const isr = readNodes()
  const offlineReplicas = readNodes()
  decoder.readTaggedFields()
  return { partitionErrorCode, partitionId, leader, replicas, isr, offlineReplicas }
}
