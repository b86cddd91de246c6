import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { sendTo } from './broker-request.ts'
import { type Decoder, type FlexibleInternals, flexibleRequest } from './flexible-request.ts'
import type { KafkaJsError, ProtocolRequest, Requester } from './internals.ts'
import { processWide } from './process-wide.ts'

export interface OffsetFetchRequest {
  readonly groupId: string
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly { readonly partition: number }[] }[]
}

interface Broker extends Requester {
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>>
}

export interface BrokerClass {
  readonly prototype: Broker & { offsetFetch(request: OffsetFetchRequest): Promise<unknown> }
}

export type OffsetFetchInternals = FlexibleInternals

export interface FetchedOffset {
  readonly partition: number
  /** −1 if no offset is committed. */
  readonly offset: string
  readonly metadata: string | null
  readonly errorCode: number
}

export interface OffsetFetchResponse {
  readonly errorCode: number
  /** In kafkajs's shape. */
  readonly responses: readonly { readonly topic: string; readonly partitions: readonly FetchedOffset[] }[]
}

export const offsetFetchKey = 9
/** OffsetFetch can require stable offsets from this version on (KIP-447). */
export const stableVersion = 7
/** UNSTABLE_OFFSET_COMMIT: a transaction is about to change it. */
export const unstableCode = 88
/** Chosen, not measured: the markers of a transaction take a few milliseconds, a broker that restarts takes seconds. */
const pollMs = 20
const budgetMs = 10_000

/**
 * The partitions whose offsets must be stable. Others are not requested: their transactions do not concern the reader.
 */
interface StableRead {
  readonly topic: string
  readonly partitions: readonly number[]
}

const stableReads = processWide('stable-reads', () => new AsyncLocalStorage<StableRead>())

/** During `read`, OffsetFetch requests only these partitions and waits until their offsets are stable. */
export function readingStableOffsets<Result>(wanted: StableRead, read: () => Promise<Result>): Promise<Result> {
  return stableReads.run(wanted, read)
}

/**
 * Hunk 8. kafkajs supports OffsetFetch up to v4, which returns the offset *before* a transaction whose commit is
 * decided but not yet written. v7 can require stable offsets: the broker then answers UNSTABLE_OFFSET_COMMIT until they
 * are stable.
 */
export function addStableOffsets(brokerClass: BrokerClass, internals: OffsetFetchInternals): void {
  const stockOffsetFetch = brokerClass.prototype.offsetFetch
  brokerClass.prototype.offsetFetch = async function offsetFetch(this: Broker, request) {
    const wanted = stableReads.getStore()
    const isSupported = (this.versions[offsetFetchKey]?.maxVersion ?? 0) >= stableVersion
    if (!wanted || !isSupported) return stockOffsetFetch.call(this, request)
    const { topic, partitions } = wanted
    const topics = [{ topic, partitions: partitions.map((partition) => ({ partition })) }]
    const deadline = performance.now() + budgetMs
    for (;;) {
      try {
        return await sendTo(this, stableOffsetFetch({ groupId: request.groupId, topics }, internals))
      } catch (error) {
        if ((error as KafkaJsError).type !== 'UNSTABLE_OFFSET_COMMIT' || performance.now() > deadline) throw error
        await delay(pollMs)
      }
    }
  }
}

/** OffsetFetch v7. @param takesUnstable an unstable offset is an answer like any other */
export function stableOffsetFetch(
  { groupId, topics }: OffsetFetchRequest,
  internals: OffsetFetchInternals,
  takesUnstable = false,
): ProtocolRequest {
  const { Encoder, createErrorFromCode } = internals
  const encodeTopic = ({ topic, partitions }: OffsetFetchRequest['topics'][number]) =>
    new Encoder()
      .writeUVarIntString(topic)
      .writeUVarIntArray(partitions.map(({ partition }) => new Encoder().writeInt32(partition)))
      .writeUVarIntBytes()
  return flexibleRequest<OffsetFetchResponse>(internals, {
    apiKey: offsetFetchKey,
    apiVersion: stableVersion,
    apiName: 'OffsetFetch',
    write: (encoder) =>
      encoder
        .writeUVarIntString(groupId)
        .writeUVarIntArray(topics.map(encodeTopic))
        .writeBoolean(true)
        .writeUVarIntBytes(),
    read: decodeResponse,
    refusal: ({ errorCode, responses }) => {
      const codes = [errorCode, ...responses.flatMap(({ partitions }) => partitions.map((own) => own.errorCode))]
      const failed = codes.find((code) => code !== 0 && !(takesUnstable && code === unstableCode))
      return failed === undefined ? undefined : createErrorFromCode(failed)
    },
  })
}

function decodeResponse(decoder: Decoder): OffsetFetchResponse & { clientSideThrottleTime: number } {
  const clientSideThrottleTime = decoder.readInt32()
  const responses = decoder.readUVarIntArray((own) => {
    const topic = { topic: own.readUVarIntString() ?? '', partitions: own.readUVarIntArray(decodePartition) ?? [] }
    own.readTaggedFields()
    return topic
  })
  return { clientSideThrottleTime, responses: responses ?? [], errorCode: decoder.readInt16() }
}

function decodePartition(decoder: Decoder) {
  const partition = decoder.readInt32()
  const offset = decoder.readInt64().toString()
  const leaderEpoch = decoder.readInt32()
  const metadata = decoder.readUVarIntString()
  const errorCode = decoder.readInt16()
  decoder.readTaggedFields()
  return { partition, offset, leaderEpoch, metadata, errorCode }
}
