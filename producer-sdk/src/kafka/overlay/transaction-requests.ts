import { type Decoder, type FlexibleInternals, flexibleRequest } from './flexible-request.ts'
import type { KafkaJsError, ProtocolRequest } from './internals.ts'
import { mostSevere } from './produce-batch.ts'

export const findCoordinatorKey = 10
/** The first one that asks for many coordinators (KIP-699, Kafka 3.0). */
export const findCoordinatorsVersion = 4
export const describeTransactionsKey = 65
export const listTransactionsKey = 66

export interface FoundCoordinator {
  readonly key: string
  readonly nodeId: number
  readonly errorCode: number
}

export interface ListedTransaction {
  readonly transactionalId: string
  readonly producerId: string
  readonly state: string
}

export interface DescribedTransaction extends ListedTransaction {
  readonly errorCode: number
  readonly timeoutMs: number
  /** −1 where none is open. */
  readonly startedAtMs: number
  readonly producerEpoch: number
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[]
}

/** FindCoordinator v4. An id that has no coordinator yet has an error code of its own, and is left to the caller. */
export function findCoordinators(
  internals: FlexibleInternals,
  { ids, type }: { ids: readonly string[]; type: number },
): ProtocolRequest {
  return flexibleRequest<FoundCoordinator[]>(internals, {
    apiKey: findCoordinatorKey,
    apiVersion: findCoordinatorsVersion,
    apiName: 'FindCoordinator',
    write: (encoder) => encoder.writeInt8(type).writeUVarIntArray(strings(internals, ids)).writeUVarIntBytes(),
    read: (decoder) => {
      decoder.readInt32()
      return readItems(decoder, (own) => {
        const key = own.readUVarIntString() ?? ''
        const nodeId = own.readInt32()
        own.readUVarIntString()
        own.readInt32()
        const errorCode = own.readInt16()
        own.readUVarIntString()
        return { key, nodeId, errorCode }
      })
    },
    refusal: () => undefined,
  })
}

/** ListTransactions v0, of the transactional ids whose coordinator the broker is. No state named: all states. */
export function listTransactions(internals: FlexibleInternals, states: readonly string[]): ProtocolRequest {
  return flexibleRequest<{ errorCode: number; transactions: ListedTransaction[] }>(internals, {
    apiKey: listTransactionsKey,
    apiVersion: 0,
    apiName: 'ListTransactions',
    write: (encoder) => encoder.writeUVarIntArray(strings(internals, states)).writeUVarIntArray([]).writeUVarIntBytes(),
    read: (decoder) => {
      decoder.readInt32()
      const errorCode = decoder.readInt16()
      // Names of states that the broker does not know: nothing is in them.
      decoder.readUVarIntArray((own) => own.readUVarIntString())
      const transactions = readItems(decoder, (own) => {
        const transactionalId = own.readUVarIntString() ?? ''
        const producerId = own.readInt64().toString()
        return { transactionalId, producerId, state: own.readUVarIntString() ?? '' }
      })
      return { errorCode, transactions }
    },
    refusal: ({ errorCode }) => (errorCode === 0 ? undefined : internals.createErrorFromCode(errorCode)),
  })
}

const unknownId = 105

/** DescribeTransactions v0, to the coordinator of these ids. One that it has never heard of is no failure. */
export function describeTransactions(internals: FlexibleInternals, ids: readonly string[]): ProtocolRequest {
  return flexibleRequest<DescribedTransaction[]>(internals, {
    apiKey: describeTransactionsKey,
    apiVersion: 0,
    apiName: 'DescribeTransactions',
    write: (encoder) => encoder.writeUVarIntArray(strings(internals, ids)).writeUVarIntBytes(),
    read: (decoder) => {
      decoder.readInt32()
      return readItems(decoder, readDescribed)
    },
    refusal: (found) => {
      const codes = found.map(({ errorCode }) => errorCode).filter((code) => code !== 0 && code !== unknownId)
      return mostSevere(codes.map(internals.createErrorFromCode)) as KafkaJsError | undefined
    },
  })
}

function readDescribed(own: Decoder): DescribedTransaction {
  const errorCode = own.readInt16()
  const transactionalId = own.readUVarIntString() ?? ''
  const state = own.readUVarIntString() ?? ''
  const timeoutMs = own.readInt32()
  const startedAtMs = Number(own.readInt64().toString())
  const producerId = own.readInt64().toString()
  const producerEpoch = own.readInt16()
  const topics = readItems(own, (part) => {
    const topic = part.readUVarIntString() ?? ''
    return { topic, partitions: part.readUVarIntArray((one) => one.readInt32()) ?? [] }
  })
  return { errorCode, transactionalId, state, timeoutMs, startedAtMs, producerId, producerEpoch, topics }
}

function strings({ Encoder }: FlexibleInternals, values: readonly string[]) {
  return values.map((value) => new Encoder().writeUVarIntString(value))
}

/** Structures end with their tagged fields. */
function readItems<Item>(decoder: Decoder, read: (own: Decoder) => Item): Item[] {
  const items = decoder.readUVarIntArray((own) => {
    const item = read(own)
    own.readTaggedFields()
    return item
  })
  return items ?? []
}
