import { AsyncLocalStorage } from 'node:async_hooks'
import { ValenceError } from '@valence/schemas'
import {
  type Decoder,
  type FlexibleInternals,
  flexibleRequest,
  speaks,
  type VersionedBroker,
} from './flexible-request.ts'
import type { OffsetTopic, ProducerIdentity, ProtocolRequest } from './internals.ts'
import { refusalOf } from './partition-refusals.ts'
import { processWide } from './process-wide.ts'

/** The committing member, with its generation. */
export interface CommittingMember {
  readonly generationId: number
  readonly memberId: string
  /** `group.instance.id` of a static member. */
  readonly instanceId: string | null
}

export interface TxnOffsetCommit extends ProducerIdentity {
  readonly transactionalId: string
  readonly groupId: string
  readonly member: CommittingMember
  readonly topics: readonly OffsetTopic[]
}

interface TxnOffsetCommitAnswer {
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[]
  }[]
}

export const txnOffsetCommitKey = 28
/** The first version with generation, member and instance. */
const version = 3
const noLeaderEpoch = -1

const commits = processWide('committing-members', () => new AsyncLocalStorage<CommittingMember>())

/** During `commit`, offsets are added to a transaction for this member. */
export function committingAs<Result>(member: CommittingMember, commit: () => Promise<Result>): Promise<Result> {
  return commits.run(member, commit)
}

/** The member for which offsets are being sent; undefined if the coordinator must not check it. */
export function committingMember(): CommittingMember | undefined {
  return commits.getStore()
}

/**
 * TxnOffsetCommit v3 (KIP-447). kafkajs supports v1, with which the broker accepts offsets of any generation.
 *
 * @throws VAL_KAFKA_BROKER_TOO_OLD
 */
export function txnOffsetCommit(
  broker: VersionedBroker,
  internals: FlexibleInternals,
  commit: TxnOffsetCommit,
): ProtocolRequest {
  if (!speaks(broker, txnOffsetCommitKey, version)) {
    throw new ValenceError('VAL_KAFKA_BROKER_TOO_OLD', 'TxnOffsetCommit v3 with the generation needs Kafka 2.5')
  }
  const { Encoder, createErrorFromCode } = internals
  const encodePartition = ({ partition, offset, metadata }: OffsetTopic['partitions'][number]) =>
    new Encoder()
      .writeInt32(partition)
      .writeInt64(offset)
      .writeInt32(noLeaderEpoch)
      .writeUVarIntString(metadata)
      .writeUVarIntBytes()
  const encodeTopic = ({ topic, partitions }: OffsetTopic) =>
    new Encoder().writeUVarIntString(topic).writeUVarIntArray(partitions.map(encodePartition)).writeUVarIntBytes()
  return flexibleRequest<TxnOffsetCommitAnswer>(internals, {
    apiKey: txnOffsetCommitKey,
    apiVersion: version,
    apiName: 'TxnOffsetCommit',
    write: (encoder) =>
      encoder
        .writeUVarIntString(commit.transactionalId)
        .writeUVarIntString(commit.groupId)
        .writeInt64(commit.producerId)
        .writeInt16(commit.producerEpoch)
        .writeInt32(commit.member.generationId)
        .writeUVarIntString(commit.member.memberId)
        .writeUVarIntString(commit.member.instanceId)
        .writeUVarIntArray(commit.topics.map(encodeTopic))
        .writeUVarIntBytes(),
    read: decodeAnswer,
    refusal: ({ topics }) =>
      refusalOf(
        topics.flatMap(({ topic, partitions }) => partitions.map((own) => ({ topic, ...own }))),
        createErrorFromCode,
      ),
  })
}

function decodeAnswer(decoder: Decoder): TxnOffsetCommitAnswer {
  decoder.readInt32()
  const topics = decoder.readUVarIntArray((own) => {
    const topic = own.readUVarIntString() ?? ''
    const partitions = own.readUVarIntArray(decodePartition) ?? []
    own.readTaggedFields()
    return { topic, partitions }
  })
  decoder.readTaggedFields()
  return { topics: topics ?? [] }
}

function decodePartition(decoder: Decoder) {
  const partition = decoder.readInt32()
  const errorCode = decoder.readInt16()
  decoder.readTaggedFields()
  return { partition, errorCode }
}
