import { type Admin, fetchTopic, loadKafkaJs } from '@valence/producer-sdk/kafka'
import { createTopics, listTopics, type TopicOutcome } from '../../kafka/create-topics.ts'
import { isThrowawayGroup } from '../../kafka/group-names.ts'
import { isOfEarlierTopic } from '../../kafka/partition-session.ts'
import { readNote } from '../../kafka/position-note.ts'
import { partitionName } from '../../kafka/topic-partition.ts'
import type { BackupManifest, TopicDefinition } from './backup-manifest.ts'

/** `configSource` of a setting of the topic itself, not a default of the broker. */
const topicSource = 1
/** Error type of a broker without an authorizer. */
const securityDisabled = 'SECURITY_DISABLED'

/** Definitions of the wanted topics; topics that do not exist are left out. */
export async function readTopics(admin: Admin, wanted: readonly string[]): Promise<TopicDefinition[]> {
  const known = await listTopics(admin)
  const names = wanted.filter((topic) => known.has(topic)).sort()
  if (names.length === 0) return []
  const { ConfigResourceTypes } = loadKafkaJs()
  const [{ topics }, { resources }] = await Promise.all([
    admin.fetchTopicMetadata({ topics: names }),
    admin.describeConfigs({
      includeSynonyms: false,
      resources: names.map((topic) => ({ type: ConfigResourceTypes.TOPIC, name: topic })),
    }),
  ])
  const settings = new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      Object.fromEntries(
        configEntries
          .filter(({ configSource }) => Number(configSource) === topicSource)
          .map(({ configName, configValue }) => [configName, configValue]),
      ),
    ]),
  )
  return topics.map(({ name, partitions }) => ({
    topic: name,
    partitions: partitions.length,
    replication: partitions[0]?.replicas.length ?? 1,
    settings: settings.get(name) ?? {},
  }))
}

/** Topic → topic id. Topics are absent where the broker or the client does not support topic ids. */
export async function readTopicIds(admin: Admin, topics: readonly string[]): Promise<Map<string, string>> {
  const found = await Promise.all(topics.map(async (topic) => [topic, (await fetchTopic(admin, topic)).id] as const))
  return new Map(found.flatMap(([topic, id]) => (id === undefined ? [] : [[topic, id] as const])))
}

/**
 * Committed offsets of all groups on these topics. Left out: throwaway groups of commands, and offsets that were
 * committed for a deleted topic of the same name.
 */
export async function readGroups(
  admin: Admin,
  wanted: readonly string[],
  topicIds: ReadonlyMap<string, string>,
): Promise<Pick<BackupManifest, 'groups' | 'lineProgress'>> {
  const { clusterId } = await admin.describeCluster()
  const { groups } = await admin.listGroups()
  const names = groups.map(({ groupId }) => groupId).filter((groupId) => !isThrowawayGroup(groupId))
  const found = new Map<string, BackupManifest['groups'][string]>()
  const progress = new Map<string, BackupManifest['lineProgress'][string]>()
  for (const groupId of names.sort()) {
    const topics = await admin.fetchOffsets({ groupId, topics: [...wanted] })
    const positions = topics.flatMap(({ topic, partitions }) =>
      partitions
        .filter(({ offset }) => Number(offset) >= 0)
        .map(({ partition, offset, metadata }) => {
          const name = partitionName({ topic, partition })
          return { name, offset, topicId: topicIds.get(topic), note: readNote(metadata, clusterId) }
        })
        .filter(({ topicId, note }) => !isOfEarlierTopic({ topicId, committedTopicId: note.topicId })),
    )
    if (positions.length === 0) continue
    found.set(groupId, Object.fromEntries(positions.map(({ name, offset }) => [name, offset])))
    const counted = positions.flatMap(({ name, note }) =>
      note.lineProgress ? [[name, note.lineProgress] as const] : [],
    )
    if (counted.length > 0) progress.set(groupId, Object.fromEntries(counted))
  }
  return { groups: Object.fromEntries(found), lineProgress: Object.fromEntries(progress) }
}

/** Topics and groups whose ACLs are backed up, including prefixed ACLs that cover one of them. */
export interface AclScope {
  readonly topics: readonly string[]
  readonly groups: readonly string[]
}

/** ACLs on these topics and groups and on transactional ids with a group id as prefix; empty without an authorizer. */
export async function readAcls(admin: Admin, { topics, groups }: AclScope): Promise<BackupManifest['acls']> {
  const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = loadKafkaJs()
  const everything = {
    resourceType: AclResourceTypes.ANY,
    resourcePatternType: ResourcePatternTypes.ANY,
    operation: AclOperationTypes.ANY,
    permissionType: AclPermissionTypes.ANY,
  }
  const isOurs = (type: number, name: string) => {
    if (type === AclResourceTypes.TOPIC) return topics.some((topic) => topic.startsWith(name))
    if (type !== AclResourceTypes.GROUP && type !== AclResourceTypes.TRANSACTIONAL_ID) return false
    return groups.some((group) => name.startsWith(group) || group.startsWith(name))
  }
  try {
    const { resources } = await admin.describeAcls(everything)
    return resources
      .filter(({ resourceType, resourceName }) => isOurs(resourceType, resourceName))
      .flatMap(({ acls, resourceType, resourceName, resourcePatternType }) =>
        acls.map((own) => ({ resourceType, resourceName, resourcePatternType, ...own })),
      )
  } catch (error) {
    if ((error as { type?: string }).type === securityDisabled) return []
    throw error
  }
}

/** Creates missing topics. The replication factor is limited to the number of brokers. */
export async function restoreTopics(admin: Admin, topics: readonly TopicDefinition[]): Promise<TopicOutcome[]> {
  const { brokers } = await admin.describeCluster()
  return createTopics(
    admin,
    topics.map(({ topic, partitions, replication, settings }) => {
      const replicationFactor = Math.min(replication, brokers.length)
      const fitting =
        Number(settings['min.insync.replicas'] ?? 1) > replicationFactor
          ? { ...settings, 'min.insync.replicas': String(replicationFactor) }
          : settings
      return {
        topic,
        numPartitions: partitions,
        replicationFactor,
        configEntries: Object.entries(fitting).map(([name, value]) => ({ name, value })),
      }
    }),
  )
}

export async function restoreAcls(admin: Admin, acls: BackupManifest['acls']): Promise<void> {
  if (acls.length > 0) await admin.createAcls({ acl: acls as unknown as Parameters<Admin['createAcls']>[0]['acl'] })
}
