import type { Decoder, Encoder } from '../../src/kafka/overlay/flexible-request.ts'
import type { CommittingMember } from '../../src/kafka/overlay/txn-offset-commit.ts'
import { internals } from './stock-kafkajs.ts'

interface ReadTopic {
  readonly topic: string | null
  readonly partitions: readonly {
    readonly partition: number
    readonly offset: string
    readonly metadata: string | null
  }[]
}

/** What a request of TxnOffsetCommit v3 says. */
export interface ReadCommit extends CommittingMember {
  readonly transactionalId: string | null
  readonly groupId: string | null
  readonly topics: readonly ReadTopic[]
}

/** Reads TxnOffsetCommit v3 from the tagged fields of its header on. */
export function readTxnOffsetCommit(bytes: Buffer): ReadCommit {
  const decoder = new internals.Decoder(bytes)
  decoder.readTaggedFields()
  const transactionalId = decoder.readUVarIntString()
  const groupId = decoder.readUVarIntString()
  decoder.readInt64()
  decoder.readInt16()
  const generationId = decoder.readInt32()
  const memberId = decoder.readUVarIntString() ?? ''
  const instanceId = decoder.readUVarIntString()
  return {
    transactionalId,
    groupId,
    generationId,
    memberId,
    instanceId,
    topics: decoder.readUVarIntArray(readTopic) ?? [],
  }
}

function readTopic(decoder: Decoder): ReadTopic {
  const topic = decoder.readUVarIntString()
  const partitions = decoder.readUVarIntArray((own) => {
    const partition = own.readInt32()
    const offset = own.readInt64().toString()
    own.readInt32()
    const metadata = own.readUVarIntString()
    own.readTaggedFields()
    return { partition, offset, metadata }
  })
  decoder.readTaggedFields()
  return { topic, partitions: partitions ?? [] }
}

/** The bytes of an answer that gives every partition the same code. */
export function txnOffsetCommitAnswer({ topics }: ReadCommit, code: number): Buffer {
  const { Encoder } = internals
  const partition = (own: { partition: number }) =>
    new Encoder().writeInt32(own.partition).writeInt16(code).writeUVarIntBytes()
  const topic = (own: ReadTopic) =>
    new Encoder().writeUVarIntString(own.topic).writeUVarIntArray(own.partitions.map(partition)).writeUVarIntBytes()
  const answer: Encoder = new Encoder()
    .writeUVarIntBytes()
    .writeInt32(0)
    .writeUVarIntArray(topics.map(topic))
    .writeUVarIntBytes()
  return (answer as unknown as { buffer: Buffer }).buffer
}
