import { type Admin, loadKafkaJs } from '@valence/producer-sdk/kafka'
import { fetchLogRanges } from './log-ranges.ts'
import { nameMissingTopic } from './name-missing-topic.ts'
import { partitionName, type TopicPartition } from './topic-partition.ts'

/** A group's position on one partition. */
export interface PartitionLag {
  readonly topic: string
  readonly partition: number
  /** The next offset the group will read; null where it has committed none. */
  readonly committed: bigint | null
  /** The last stable offset: what a read-committed reader can reach. */
  readonly end: bigint
  /**
   * Offsets from the group's position to the end. Transaction markers occupy offsets too, so behind a transactional
   * producer of texts the lag can rest at the trailing marker until the next record comes.
   */
  readonly lag: bigint
  /** The member that reads the partition; null where none does. */
  readonly owner: string | null
}

export interface LagSnapshot {
  readonly groupId: string
  /** `Stable`, `Empty`, `PreparingRebalance`, `CompletingRebalance`, or `Dead` where there is no such group. */
  readonly state: string
  /** Epoch milliseconds. */
  readonly at: number
  /** How many members the group has. */
  readonly members: number
  /** By topic, then partition. */
  readonly partitions: readonly PartitionLag[]
  /** Partitions without a leader: their end offset, and so their lag, is unknown. */
  readonly leaderless: readonly TopicPartition[]
}

export interface GroupLagOptions {
  readonly admin: Admin
  readonly groupId: string
  readonly topics: readonly string[]
  /** The group's starting point on a partition without a committed offset. */
  readonly start: 'earliest' | 'latest'
}

/** Takes a snapshot; throws what the admin client throws. */
export async function readLag({ admin, groupId, topics, start }: GroupLagOptions): Promise<LagSnapshot> {
  const [group, committed, ...logs] = await Promise.all([
    readGroup(admin, groupId),
    admin.fetchOffsets({ groupId, topics: [...topics] }).catch(nameMissingTopic(...topics)),
    ...topics.map((topic) => fetchLogRanges(admin, topic)),
  ])
  const at = Date.now()
  const positions = new Map(
    committed.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => [partitionName({ topic, partition }), BigInt(offset)] as const),
    ),
  )
  const partitions = topics.flatMap((topic, index) =>
    (logs[index]?.known ?? []).map(({ partition, low, high: end }): PartitionLag => {
      const position = positions.get(partitionName({ topic, partition })) ?? -1n
      const from = position >= 0n ? max(position, low) : start === 'earliest' ? low : end
      const owner = group.owners.get(partitionName({ topic, partition })) ?? null
      return { topic, partition, committed: position < 0n ? null : position, end, lag: max(0n, end - from), owner }
    }),
  )
  const leaderless = topics.flatMap((topic, index) =>
    (logs[index]?.leaderless ?? []).map((partition) => ({ topic, partition })),
  )
  return { groupId, state: group.state, at, members: group.members, partitions, leaderless }
}

async function readGroup(admin: Admin, groupId: string) {
  const { groups } = await admin.describeGroups([groupId])
  const members = groups[0]?.members ?? []
  const names = distinctNames(members.map(({ memberId }) => memberId))
  const owners = new Map(
    members.flatMap(({ memberId, memberAssignment }) =>
      assignedPartitions(memberAssignment).map((name) => [name, names.get(memberId) ?? memberId] as const),
    ),
  )
  return { state: groups[0]?.state ?? 'Unknown', members: members.length, owners }
}

function assignedPartitions(encoded: Buffer): string[] {
  // A member that has just joined has no assignment yet.
  if (encoded.length === 0) return []
  const decoded = loadKafkaJs().AssignerProtocol.MemberAssignment.decode(encoded)
  return Object.entries(decoded?.assignment ?? {}).flatMap(([topic, partitions]) =>
    partitions.map((partition) => partitionName({ topic, partition })),
  )
}

/** Brokers name members by instance id or client id, and add a UUID. */
function memberName(memberId: string): string {
  return memberId.replace(/-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, '')
}

/** Members without an instance id share their client's name; the whole id tells them apart. */
function distinctNames(memberIds: readonly string[]): Map<string, string> {
  const byName = Map.groupBy(memberIds, memberName)
  return new Map(
    memberIds.map((id) => {
      const name = memberName(id)
      return [id, byName.get(name)?.length === 1 ? name : id] as const
    }),
  )
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
