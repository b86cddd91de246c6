import type { ApiName, Broker, Cluster, PartitionMetadata, ProtocolRequest } from '../../src/kafka/overlay/internals.ts'
import type { CommittingMember } from '../../src/kafka/overlay/txn-offset-commit.ts'
import { readTxnOffsetCommit, txnOffsetCommitAnswer } from './read-txn-offset-commit.ts'
import { createErrorFromCode, errors, protocol } from './stock-kafkajs.ts'

type Fields = Record<string, never>
type Answer = unknown
type Encode = () => Promise<{ buffer: Buffer }>

/** Stands in for one answer: may wait, call `proceed` for the regular answer or not, and throw. */
export type Fault = (proceed: () => Answer) => Answer | Promise<Answer>

interface ProducedPartition {
  readonly partition: number
  readonly firstSequence: number
  readonly messages: readonly { readonly value: string }[]
}

interface ProduceFields {
  readonly producerId: string | number
  readonly topicData: readonly { readonly topic: string; readonly partitions: readonly ProducedPartition[] }[]
}

interface Batch {
  readonly producerId: string
  readonly firstSequence: number
  readonly values: readonly string[]
}

export const topic = 'texts'
const codes = {
  notLeader: 6,
  illegalGeneration: 22,
  unknownMember: 25,
  outOfOrderSequence: 45,
  concurrentTransactions: 51,
  fencedInstance: 82,
}

/** The code's error, as a broker's refusal. */
export function refusal(code: number): Fault {
  return () => {
    throw createErrorFromCode(code)
  }
}

/** The request is carried out, but its answer is lost with the connection. */
export const answerLost: Fault = (proceed) => {
  proceed()
  throw new errors.KafkaJSConnectionClosedError('Closed connection', { host: 'fake', port: 1 })
}

/**
 * Brokers that keep a log for each partition by the rules that matter here: only the leader writes, the sequence of an
 * idempotent producer must continue, a repeated batch is acknowledged but not written, and a coordinator refuses a
 * second request while it answers the first. Both kafkajs's own modules and the overlay's can talk to it.
 */
export class FakeKafka {
  readonly requests: { readonly node: number; readonly api: ApiName; readonly fields: Fields }[] = []
  readonly cluster: Cluster & { retry: object; targetTopics: Set<string>; findLeaderForPartitions: object }
  coordinatorLookups = 0
  /** By API key; what kafkajs speaks itself is not looked up here. */
  readonly versions: Record<number, { maxVersion: number }> = { 28: { maxVersion: 4 } }
  readonly #brokers: Map<number, Broker>
  readonly #leaders: number[]
  #knownLeaders: number[]
  readonly #batches = new Map<number, Batch[]>()
  readonly #faults = new Map<string, Fault[]>()
  /** The member that offsets are accepted of, where the request names one. */
  member: CommittingMember = { generationId: 1, memberId: 'member', instanceId: null }
  #coordinatorBusy = false
  #epoch = -1

  readonly #refusesOverlap: boolean

  /** `leaders`: the node that leads partition 0, 1, … */
  constructor(leaders: readonly number[], { refusesOverlap = true } = {}) {
    this.#refusesOverlap = refusesOverlap
    this.#leaders = [...leaders]
    this.#knownLeaders = [...leaders]
    this.#brokers = new Map([1, 2].map((node) => [node, this.#createBroker(node)]))
    this.cluster = this.#createCluster()
  }

  /** Clients learn of it when they refresh their metadata. */
  moveLeader(partition: number, node: number): void {
    this.#leaders[partition] = node
  }

  /** For the next request of this kind to this node; several are used up in their order. */
  fail(node: number, api: ApiName, ...faults: Fault[]): void {
    this.#faults.set(`${node}/${api}`, [...(this.#faults.get(`${node}/${api}`) ?? []), ...faults])
  }

  /** What a reader would find in a partition, in order. */
  values(partition: number): string[] {
    return (this.#batches.get(partition) ?? []).flatMap(({ values }) => values)
  }

  count(api: ApiName): number {
    return this.requests.filter((request) => request.api === api).length
  }

  #createBroker(node: number): Broker {
    const call = (api: ApiName) => async (fields: Fields) => this.#answer(node, api, fields)
    const stock = {
      produce: async (fields: Fields) => throwFirstError(await call('Produce')(fields)),
      initProducerId: call('InitProducerId'),
      addPartitionsToTxn: call('AddPartitionsToTxn'),
      addOffsetsToTxn: call('AddOffsetsToTxn'),
      txnOffsetCommit: call('TxnOffsetCommit'),
      endTxn: call('EndTxn'),
    }
    const apiByKey = new Map(Object.entries(protocol.apiKeys).map(([api, key]) => [key, api as ApiName]))
    return {
      ...stock,
      nodeId: node,
      isConnected: () => true,
      versions: this.versions,
      disconnect: async () => {},
      lookupRequest: (key: number) => (fields: unknown) =>
        ({ request: { api: apiByKey.get(key), fields }, response: {} }) as unknown as ProtocolRequest,
      connectionPool: {
        send: async (own: ProtocolRequest) => {
          const { api, fields, encode } = own.request as { api?: ApiName; fields: Fields; encode: Encode }
          if (api !== undefined) return this.#answer(node, api, fields)
          // One of the overlay's own: it brings its bytes instead of fields.
          const commit = readTxnOffsetCommit((await encode()).buffer)
          await this.#answer(node, 'TxnOffsetCommit', commit as never)
          return own.response.parse(await own.response.decode(txnOffsetCommitAnswer(commit, this.#judge(commit))))
        },
      },
    } as Broker
  }

  #judge({ memberId, instanceId, generationId }: CommittingMember): number {
    if (instanceId !== null && instanceId === this.member.instanceId && memberId !== this.member.memberId) {
      return codes.fencedInstance
    }
    if (memberId !== this.member.memberId) return codes.unknownMember
    return generationId === this.member.generationId ? 0 : codes.illegalGeneration
  }

  #createCluster(): FakeKafka['cluster'] {
    const find = async ({ nodeId }: { nodeId: number | string }) => {
      const broker = this.#brokers.get(Number(nodeId))
      if (!broker) throw new errors.KafkaJSError(`no node ${nodeId}`)
      return broker
    }
    const metadata = (): PartitionMetadata[] =>
      this.#knownLeaders.map((leader, partitionId) => ({ partitionId, leader }))
    return {
      retry: { retries: 5, initialRetryTime: 300 },
      targetTopics: new Set<string>(),
      isConnected: () => true,
      connect: async () => {},
      getNodeIds: () => [...this.#brokers.keys()].map(String),
      addMultipleTargetTopics: async () => {},
      refreshMetadataIfNecessary: async () => {},
      refreshMetadata: async () => {
        this.#knownLeaders = [...this.#leaders]
      },
      removeBroker: () => {},
      findTopicPartitionMetadata: metadata,
      findLeaderForPartitions: stockFindLeaders(metadata),
      findBroker: find,
      findControllerBroker: () => find({ nodeId: 1 }),
      findGroupCoordinator: async () => {
        this.coordinatorLookups += 1
        return find({ nodeId: 1 })
      },
    }
  }

  async #answer(node: number, api: ApiName, fields: Fields): Promise<Answer> {
    this.requests.push({ node, api, fields })
    const fault = this.#faults.get(`${node}/${api}`)?.shift()
    if (api === 'Produce') {
      const proceed = () => this.#append(node, fields as unknown as ProduceFields)
      return fault ? fault(proceed) : proceed()
    }
    if (this.#coordinatorBusy && this.#refusesOverlap) throw createErrorFromCode(codes.concurrentTransactions)
    this.#coordinatorBusy = true
    try {
      const proceed = () => (api === 'InitProducerId' ? { producerId: '7', producerEpoch: ++this.#epoch } : {})
      await new Promise(setImmediate)
      return await (fault ? fault(proceed) : proceed())
    } finally {
      this.#coordinatorBusy = false
    }
  }

  #append(node: number, { producerId, topicData }: ProduceFields): Answer {
    return {
      topics: topicData.map(({ topic: topicName, partitions }) => ({
        topicName,
        partitions: partitions.map((own) => ({
          partition: own.partition,
          errorCode: this.#appendBatch(node, String(producerId), own),
          baseOffset: '0',
        })),
      })),
    }
  }

  #appendBatch(node: number, producerId: string, { partition, firstSequence, messages }: ProducedPartition): number {
    if (this.#leaders[partition] !== node) return codes.notLeader
    const batches = this.#batches.get(partition) ?? []
    const values = messages.map(({ value }) => value)
    const isIdempotent = producerId !== '-1'
    const own = batches.filter((batch) => batch.producerId === producerId)
    const isRepeated = own.some(
      (batch) => batch.firstSequence === firstSequence && batch.values.length === values.length,
    )
    if (isIdempotent && isRepeated) return 0
    const expected = own.reduce((next, batch) => next + batch.values.length, 0)
    if (isIdempotent && own.length > 0 && firstSequence !== expected) return codes.outOfOrderSequence
    this.#batches.set(partition, [...batches, { producerId, firstSequence, values }])
    return 0
  }
}

function throwFirstError(answer: Answer): Answer {
  const { topics } = answer as { topics: { partitions: { errorCode: number }[] }[] }
  const failed = topics.flatMap(({ partitions }) => partitions).find(({ errorCode }) => errorCode !== 0)
  if (failed) throw createErrorFromCode(failed.errorCode)
  return answer
}

/** What kafkajs's cluster does: partitions that it does not know are left out. */
function stockFindLeaders(metadata: () => PartitionMetadata[]) {
  return (_topic: string, partitions: readonly (string | number)[]) => {
    const byLeader: Record<number, number[]> = {}
    for (const partition of partitions.map(Number)) {
      const leader = metadata()[partition]?.leader
      if (leader !== undefined) byLeader[leader] = [...(byLeader[leader] ?? []), partition]
    }
    return byLeader
  }
}
