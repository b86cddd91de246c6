import type { Assigner, GroupMember, PartitionAssigner } from 'kafkajs'
import { loadKafkaJs } from './client.ts'
import { assignSticky, type MemberClaim } from './sticky-assignment.ts'

/** What a member tells its group about itself. */
export interface HeldPartitions {
  /** The generation it was a member of, −1 before the first. */
  readonly generation: number
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[]
}

const version = 0

function readHeld(userData: Buffer): { generation: number; numbers: number[] } {
  try {
    const { g, p } = JSON.parse(userData.toString()) as { g?: unknown; p?: unknown }
    const numbers = Array.isArray(p) ? p.filter((number) => Number.isInteger(number)) : []
    return { generation: typeof g === 'number' ? g : -1, numbers }
  } catch {
    // A member that says nothing, or says it in another way, holds nothing.
    return { generation: -1, numbers: [] }
  }
}

/**
 * Assigns partitions sticky and co-partitioned; see `assignSticky`. kafkajs's own assigner deals all partitions of all
 * topics out in turn, in the order of member ids that are random: a rebalance moves nearly everything.
 *
 * `held` is asked at each join. Give it to `consumer({ partitionAssigners })` before the built-in one, so that members
 * of older versions can be in the group while they are replaced.
 */
export function createStickyAssigner(held: () => HeldPartitions): PartitionAssigner {
  return ({ cluster }): Assigner => {
    const { MemberMetadata, MemberAssignment } = loadKafkaJs().AssignerProtocol
    const claimOf = ({ memberId, memberMetadata }: GroupMember): MemberClaim => {
      const { generation, numbers } = readHeld(MemberMetadata.decode(memberMetadata)?.userData ?? Buffer.alloc(0))
      return { memberId, generation, held: new Set(numbers) }
    }
    return {
      name: 'ValenceStickyAssigner',
      version,
      async assign({ members, topics }) {
        const known = topics.map((topic) => [
          topic,
          cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId),
        ])
        const assigned = assignSticky(members.map(claimOf), Object.fromEntries(known))
        return [...assigned].map(([memberId, assignment]) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({
            version,
            assignment: assignment as Record<string, number[]>,
            userData: Buffer.alloc(0),
          }),
        }))
      },
      protocol({ topics }) {
        const { generation, partitions } = held()
        const numbers = [...new Set(partitions.map(({ partition }) => partition))].sort((a, b) => a - b)
        const userData = Buffer.from(JSON.stringify({ g: generation, p: numbers }))
        return { name: this.name, metadata: MemberMetadata.encode({ version, topics, userData }) }
      },
    }
  }
}
