import type { Admin } from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'
import type { Config } from '../../config/config.ts'
import { fetchWholeLogs } from '../../kafka/log-ranges.ts'
import { parsePartitionName, partitionName } from '../../kafka/topic-partition.ts'
import { type BackupManifest, readManifest, writeManifest } from './backup-manifest.ts'
import type { BackupStorage } from './backup-storage.ts'
import { readAcls, readGroups, readTopicIds, readTopics } from './cluster-state.ts'
import { keepModels } from './kept-models.ts'
import { keepRecords, rangesToKeep, segmentFolder } from './kept-records.ts'
import { readSchemas } from './kept-schemas.ts'
import { ownFault, type TopicFailure } from './topic-failures.ts'

export interface CreatedBackup {
  readonly manifest: BackupManifest
  /** Number of records that were new in this run. */
  readonly records: number
  readonly failures: readonly TopicFailure[]
}

/**
 * Adds new state and records to a backup.
 *
 * Reads the end offsets of the results first, then the positions of the groups, then the records. A text that is scored
 * in between is restored as unscored, and its result is left out. In the reverse order both could be missing.
 */
export async function createBackup(
  config: Config,
  admin: Admin,
  storage: BackupStorage,
  withRecords: boolean,
): Promise<CreatedBackup> {
  const at = Date.now()
  const before = await readManifest(storage)
  const wanted = [...config.inputTopics, config.outputTopic, config.deadLetterTopic]
  const topics = await readTopics(admin, wanted)
  const present = topics.map(({ topic }) => topic)
  const topicIds = await readTopicIds(admin, present)
  const settled: BackupManifest['settled'] = {}
  for (const topic of present.filter((own) => !config.inputTopics.includes(own))) {
    const ends = await fetchWholeLogs(admin, topic)
    for (const { partition, high } of ends) settled[partitionName({ topic, partition })] = String(high)
  }
  const { groups, lineProgress } = await readGroups(admin, present, topicIds)
  const positions = groups[config.kafkaGroupId] ?? {}
  const kept: BackupManifest['kept'] = {}
  const segments: BackupManifest['segments'] = {}
  const failures: TopicFailure[] = []
  let records = 0
  for (const topic of withRecords ? present : []) {
    const place = placeOf(before, topic, topicIds.get(topic))
    const isInput = config.inputTopics.includes(topic)
    try {
      const ranges = await rangesToKeep(admin, topic, (partition) => {
        const name = partitionName({ topic, partition })
        const from = (place.isContinued ? before?.kept[name] : undefined) ?? (isInput ? positions[name] : undefined)
        return from === undefined ? undefined : BigInt(from)
      })
      records += await keepRecords(config, storage, { topic, folder: place.folder }, ranges)
      await expectSameTopic(admin, topic, topicIds.get(topic))
      for (const { partition, to } of ranges) kept[partitionName({ topic, partition })] = String(to)
      segments[topic] = { folder: place.folder, topicId: topicIds.get(topic) }
    } catch (error) {
      failures.push({ topic, error: ownFault(error) })
      carryOver(before, topic, { kept, segments })
    }
  }
  const [acls, { schemas, compatibility }] = await Promise.all([
    readAcls(admin, { topics: wanted, groups: [config.kafkaGroupId, ...Object.keys(groups)] }),
    readSchemas(config),
  ])
  const models = await keepModels(storage, config.modelStore)
  const manifest: BackupManifest = {
    ...{ version: 2, at, topics, groups, lineProgress, acls },
    ...{ kept, settled, segments, schemas, compatibility, models },
  }
  await writeManifest(storage, manifest)
  return { manifest, records, failures }
}

/** The folder for the records of the topic, and whether the previous backup holds the same topic in it. */
function placeOf(before: BackupManifest | undefined, topic: string, topicId: string | undefined) {
  const known = before?.segments[topic]
  const isKnown =
    before !== undefined && Object.keys(before.kept).some((name) => parsePartitionName(name)?.topic === topic)
  // Version 1 has no topic ids: its topic is assumed to be the current one.
  const isSame = isKnown && (known?.topicId === undefined || topicId === undefined || known.topicId === topicId)
  return isSame
    ? { folder: known?.folder ?? segmentFolder(topic, undefined), isContinued: true }
    : { folder: segmentFolder(topic, topicId), isContinued: false }
}

/** Carries the entries of the previous backup over for a topic that could not be read in this run. */
function carryOver(
  before: BackupManifest | undefined,
  topic: string,
  { kept, segments }: Pick<BackupManifest, 'kept' | 'segments'>,
): void {
  const place = before?.segments[topic]
  if (place !== undefined) segments[topic] = place
  for (const [name, end] of Object.entries(before?.kept ?? {})) {
    if (parsePartitionName(name)?.topic === topic) kept[name] = end
  }
}

/** The topic was replaced while it was read: the records may be of both. @throws VAL_BACKUP_TOPIC_REPLACED */
async function expectSameTopic(admin: Admin, topic: string, topicId: string | undefined): Promise<void> {
  const now = (await readTopicIds(admin, [topic])).get(topic)
  if (topicId !== undefined && now !== topicId) {
    throw new ValenceError('VAL_BACKUP_TOPIC_REPLACED', `${topic}: its id was ${topicId} and is ${now}`)
  }
}
