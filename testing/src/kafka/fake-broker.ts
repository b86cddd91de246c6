import type { LineProgress } from '@valence/processor/kafka/line-progress'
import type { PartitionSession, PartitionSessions } from '@valence/processor/kafka/partition-session'
import type { KafkaRecord, OutgoingRecord, RecordBatch } from '@valence/processor/kafka/record'
import type { RecordSource, RecordSourceHandlers } from '@valence/processor/kafka/record-source'
import { partitionName, type TopicPartition } from '@valence/processor/kafka/topic-partition'
import { ValenceError } from '@valence/schemas'
import { kafkaRecord } from './records.ts'

/**
 * Logs, committed offsets and fencing in memory, with the same contract as the broker's
 * (test/contract/partition-session.contract.ts runs against both).
 */
export class FakeBroker implements PartitionSessions {
  readonly published: OutgoingRecord[] = []
  readonly #inputs = new Map<string, KafkaRecord[]>()
  readonly #earliest = new Map<string, bigint>()
  readonly #committed = new Map<string, bigint>()
  readonly #committedTopicIds = new Map<string, string | undefined>()
  readonly #lineProgress = new Map<string, LineProgress | undefined>()
  readonly #topicIds = new Map<string, string>()
  readonly #epochs = new Map<string, number>()
  /** Called before each publication; what it throws is what the broker would answer. */
  beforePublish: (records: readonly OutgoingRecord[], session: number) => void | Promise<void> = () => undefined
  outputPartitions = 3
  /** Names of partitions that were added after the group had begun. */
  readonly younger = new Set<string>()

  append(partition: TopicPartition, values: readonly (string | Buffer | null)[]): void {
    const log = this.#log(partition)
    for (const value of values) {
      const bytes = typeof value === 'string' ? Buffer.from(value) : value
      log.push(kafkaRecord(log.length, { value: bytes }))
    }
  }

  /** Retention: offsets below are gone. */
  truncate(partition: TopicPartition, earliest: bigint): void {
    this.#earliest.set(partitionName(partition), earliest)
  }

  commit(partition: TopicPartition, offset: bigint, topicId?: string): void {
    this.#committed.set(partitionName(partition), offset)
    this.#committedTopicIds.set(partitionName(partition), topicId)
  }

  /** The group's offset is deleted, or expires. */
  forget(partition: TopicPartition): void {
    this.#committed.delete(partitionName(partition))
    this.#committedTopicIds.delete(partitionName(partition))
  }

  /** Deletes the topic and creates it again with one partition; committed offsets stay. */
  recreate(partition: TopicPartition, values: readonly string[]): void {
    this.#inputs.delete(partitionName(partition))
    this.#topicIds.set(partition.topic, `${this.#topicId(partition)}'`)
    this.append(partition, values)
  }

  #topicId({ topic }: TopicPartition): string {
    return this.#topicIds.get(topic) ?? topic
  }

  committed(partition: TopicPartition): bigint | undefined {
    return this.#committed.get(partitionName(partition))
  }

  /** What each record is counted with. */
  recordBytes = 1
  /** Of what was read and not released. */
  heldBytes = 0

  read(partition: TopicPartition, from: bigint, limit: number): RecordBatch | undefined {
    const log = this.#log(partition)
    const records = log.filter(({ offset }) => offset >= from).slice(0, limit)
    const last = records.at(-1)
    if (last === undefined) return undefined
    const highWatermark = BigInt(log.length)
    const topicId = this.#topicId(partition)
    const heldBytes = records.length * this.recordBytes
    this.heldBytes += heldBytes
    let isHeld = true
    const release = () => {
      if (isHeld) this.heldBytes -= heldBytes
      isHeld = false
    }
    const nextOffset = last.offset + 1n
    return { ...partition, topicId, fetchedOffset: from, nextOffset, highWatermark, records, heldBytes, release }
  }

  async open(partition: TopicPartition): Promise<PartitionSession> {
    const name = partitionName(partition)
    const epoch = (this.#epochs.get(name) ?? 0) + 1
    this.#epochs.set(name, epoch)
    let spent = false
    return {
      locate: async () => ({
        offset: this.#committed.get(name),
        topicId: this.#topicId(partition),
        committedTopicId: this.#committedTopicIds.get(name),
        isYounger: this.younger.has(name),
        hadPredecessor: epoch > 1,
        lineProgress: this.#lineProgress.get(name),
      }),
      position: async () => this.#committed.get(name),
      publish: async (records, nextOffset, lineProgress) => {
        try {
          if (spent) throw new ValenceError('VAL_KAFKA_TRANSACTION_FAILED', 'the session is spent')
          await this.beforePublish(records, epoch)
          if (this.#epochs.get(name) !== epoch) throw new ValenceError('VAL_KAFKA_FENCED')
        } catch (error) {
          spent = true
          throw error
        }
        this.published.push(...records)
        this.commit(partition, nextOffset, this.#topicId(partition))
        this.#lineProgress.set(name, lineProgress)
      },
      close: async () => {
        spent = true
      },
    }
  }

  async range(partition: TopicPartition): Promise<{ earliest: bigint; latest: bigint }> {
    const earliest = this.#earliest.get(partitionName(partition)) ?? 0n
    return { earliest, latest: BigInt(this.#log(partition).length) }
  }

  outputPartition(_topic: string, key: Buffer | null, inputPartition: number): number {
    return (key === null ? inputPartition : key.length) % this.outputPartitions
  }

  #log(partition: TopicPartition): KafkaRecord[] {
    const name = partitionName(partition)
    const log = this.#inputs.get(name) ?? []
    this.#inputs.set(name, log)
    return log
  }
}

/** Feeds a pipeline from a FakeBroker: one fetch at a time, honouring seek, pause and resume. */
export class FakeSource implements RecordSource {
  readonly #broker: FakeBroker
  readonly #positions = new Map<string, { partition: TopicPartition; offset: bigint }>()
  readonly paused = new Set<string>()
  readonly stops: { leaveGroup: boolean }[] = []
  fetchSize = 4
  owned = true
  member = true
  #handlers: RecordSourceHandlers | undefined

  constructor(broker: FakeBroker) {
    this.#broker = broker
  }

  async start(handlers: RecordSourceHandlers): Promise<void> {
    this.#handlers = handlers
  }

  assign(partitions: readonly TopicPartition[], { isNewMember = false } = {}): void {
    this.#handlers?.onAssigned({ partitions, joinMs: 0, isNewMember })
  }

  /** What comes next of the partition cannot be read. */
  obstruct(partition: TopicPartition, error: ValenceError): void {
    this.pause(partition)
    this.#handlers?.onUnreadable(partition, error)
  }

  crash(error: Error): void {
    this.#handlers?.onFatal(error)
  }

  /** Delivers a batch as it is, whatever was asked for. */
  deliver(batch: RecordBatch): void {
    this.#handlers?.onBatch(batch)
  }

  /** Whether the reader is in no hurry for more of the partition. */
  isBehind(partition: TopicPartition): boolean {
    return this.#handlers?.isBehind?.(partition) ?? false
  }

  /** One fetch of every partition that is neither paused nor at its end; true if anything was delivered. */
  fetch(): boolean {
    let delivered = false
    for (const [name, position] of this.#positions) {
      if (this.paused.has(name)) continue
      const batch = this.#broker.read(position.partition, position.offset, this.fetchSize)
      if (batch === undefined) continue
      position.offset = batch.nextOffset
      this.#handlers?.onBatch(batch)
      delivered = true
    }
    return delivered
  }

  seek(partition: TopicPartition, offset: bigint): void {
    this.#positions.set(partitionName(partition), { partition, offset })
  }

  pause(partition: TopicPartition): void {
    this.paused.add(partitionName(partition))
  }

  resume(partition: TopicPartition): void {
    this.paused.delete(partitionName(partition))
  }

  async confirmOwnership(): Promise<boolean> {
    return this.owned
  }

  isMember(): boolean {
    return this.member
  }

  async stop(options: { leaveGroup: boolean }): Promise<void> {
    this.stops.push(options)
  }
}
