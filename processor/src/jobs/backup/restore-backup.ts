import { type Admin, compressionTypes, type Producer } from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'
import type { Config } from '../../config/config.ts'
import { expectScoredEvents } from '../../config/expect-scored-events.ts'
import { listTopics } from '../../kafka/create-topics.ts'
import { commandTransactionalId, isBulkGroup, isReplayGroup } from '../../kafka/group-names.ts'
import { writeLineProgress } from '../../kafka/line-progress.ts'
import { fetchWholeLogs } from '../../kafka/log-ranges.ts'
import type { KafkaRecord } from '../../kafka/record.ts'
import { parsePartitionName, partitionName, type TopicPartition } from '../../kafka/topic-partition.ts'
import { retryForCommand } from '../../platform/retry-for-command.ts'
import { withProducer } from '../with-producer.ts'
import type { BackupManifest } from './backup-manifest.ts'
import type { BackupStorage } from './backup-storage.ts'
import { restoreAcls, restoreTopics } from './cluster-state.ts'
import { restoreModels } from './kept-models.ts'
import { readKept, segmentFolder, sendRestored } from './kept-records.ts'
import { restoreSchemas } from './kept-schemas.ts'
import { originOfLetter, originOfScore } from './record-origin.ts'
import { ownFault, type TopicFailure } from './topic-failures.ts'

export interface Restored {
  records: number
  /** Results that are not restored, because their texts are restored as unscored. */
  leftOut: number
  topics: number
  groups: number
  schemas: number
}

/** Restores a backup into an empty cluster. */
export class Restore {
  readonly #config: Config
  readonly #admin: Admin
  readonly #storage: BackupStorage
  readonly #manifest: BackupManifest
  /** Old `topic-partition` → offsets of its restored records, in order. The index of an offset is the new offset. */
  readonly #offsets = new Map<string, bigint[]>()
  readonly #failures: TopicFailure[] = []

  constructor(config: Config, admin: Admin, storage: BackupStorage, manifest: BackupManifest) {
    this.#config = config
    this.#admin = admin
    this.#storage = storage
    this.#manifest = manifest
  }

  async run(): Promise<Restored & { failures: readonly TopicFailure[] }> {
    // The origin of a result tells whether its text is restored too; an enriched record has none.
    expectScoredEvents(this.#config, 'a restore')
    const { topics, acls, models } = this.#manifest
    await this.#expectEmpty()
    await restoreModels(this.#storage, this.#config.modelStore, models)
    const schemas = await restoreSchemas(this.#config, this.#manifest)
    for (const { topic, error } of await restoreTopics(this.#admin, topics)) {
      if (error !== undefined) this.#failures.push({ topic, error })
    }
    await restoreAcls(this.#admin, acls)
    const counts = await withProducer(this.#config, 'cli-restore', { idempotent: true }, (producer) =>
      this.#restoreRecords(producer),
    )
    const groups = await this.#restoreGroups()
    const lost = new Set(this.#failures.map(({ topic }) => topic))
    return { ...counts, topics: topics.length - lost.size, groups, schemas, failures: this.#failures }
  }

  /** New offsets are indexes from 0, so the topics must be empty. */
  async #expectEmpty(): Promise<void> {
    const known = await listTopics(this.#admin)
    for (const { topic } of this.#manifest.topics.filter((own) => known.has(own.topic))) {
      const logs = await fetchWholeLogs(this.#admin, topic)
      if (logs.every(({ high }) => high === 0n)) continue
      throw new ValenceError('VAL_BACKUP_INVALID', `${topic} holds records; restore into an empty cluster`)
    }
  }

  async #restoreRecords(producer: Producer): Promise<Pick<Restored, 'records' | 'leftOut'>> {
    const counts = { records: 0, leftOut: 0 }
    const lost = new Set(this.#failures.map(({ topic }) => topic))
    for (const [name, end] of Object.entries(this.#manifest.kept)) {
      const partition = parsePartitionName(name)
      if (partition === undefined || lost.has(partition.topic)) continue
      try {
        await this.#restorePartition(producer, partition, BigInt(end), counts)
      } catch (error) {
        this.#failures.push({ topic: name, error: ownFault(error) })
      }
    }
    return counts
  }

  async #restorePartition(
    producer: Producer,
    { topic, partition }: TopicPartition,
    end: bigint,
    counts: { records: number; leftOut: number },
  ): Promise<void> {
    const name = partitionName({ topic, partition })
    const folder = this.#manifest.segments[topic]?.folder ?? segmentFolder(topic, undefined)
    const offsets: bigint[] = []
    for await (const kept of readKept(this.#storage, folder, partition, end)) {
      const wanted = kept.filter((record) => !this.#isLeftOut(topic, partition, record))
      await sendRestored(producer, compressionTypes[this.#config.kafkaCompression], { topic, partition }, wanted)
      offsets.push(...wanted.map(({ offset }) => offset))
      counts.records += wanted.length
      counts.leftOut += topic === this.#config.outputTopic ? kept.length - wanted.length : 0
    }
    this.#offsets.set(name, offsets)
  }

  /** True for inputs below the group's position, and for results and dead letters of inputs from it on. */
  #isLeftOut(topic: string, partition: number, record: KafkaRecord): boolean {
    const { inputTopics, kafkaGroupId } = this.#config
    const positions = this.#manifest.groups[kafkaGroupId] ?? {}
    if (inputTopics.includes(topic)) return record.offset < BigInt(positions[partitionName({ topic, partition })] ?? 0)
    // Results below `settled` are final. The comparison of offsets below would drop results of a deleted input topic
    // of the same name, whose offsets can be above the position in the new one.
    const settled = this.#manifest.settled[partitionName({ topic, partition })]
    if (settled !== undefined && record.offset < BigInt(settled)) return false
    const origin = topic === this.#config.outputTopic ? originOfScore(record) : originOfLetter(record)
    if (origin === undefined || !inputTopics.includes(origin.topic)) return false
    return BigInt(origin.offset) >= BigInt(positions[partitionName(origin)] ?? 0)
  }

  async #restoreGroups(): Promise<number> {
    const { kafkaGroupId } = this.#config
    const transactionalId = commandTransactionalId(kafkaGroupId, 'restore')
    let groups = 0
    const options = { transactionalId, idempotent: true, maxInFlightRequests: 1 }
    await withProducer(this.#config, 'cli-restore', options, async (producer) => {
      for (const [groupId, positions] of Object.entries(this.#manifest.groups)) {
        // Positions of `bulk` are line counts, not offsets. Groups of replays are not restored.
        const isBulk = isBulkGroup(kafkaGroupId, groupId)
        if (isReplayGroup(kafkaGroupId, groupId)) continue
        const topics = Object.entries(positions).flatMap(([name, position]) => {
          const own = parsePartitionName(name)
          const offset = isBulk ? position : this.#newOffset(name, BigInt(position))
          if (own === undefined || offset === undefined) return []
          const progress = this.#manifest.lineProgress[groupId]?.[name]
          const metadata = progress === undefined ? null : writeLineProgress(progress)
          return [{ topic: own.topic, partitions: [{ partition: own.partition, offset, metadata }] }]
        })
        if (topics.length === 0) continue
        const transaction = await retryForCommand(() => producer.transaction())
        await transaction.sendOffsets({ consumerGroupId: groupId, topics })
        await transaction.commit()
        groups += 1
      }
    })
    return groups
  }

  /** Undefined if the records of the topic were not backed up: the old offset has no counterpart. */
  #newOffset(name: string, position: bigint): string | undefined {
    const offsets = this.#offsets.get(name)
    if (offsets === undefined) return undefined
    const index = offsets.findIndex((offset) => offset >= position)
    return String(index === -1 ? offsets.length : index)
  }
}
