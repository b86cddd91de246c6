import { ValenceError } from '@valence/schemas'
import type { Assigner, GroupMember, PartitionAssigner } from 'kafkajs'
import { loadKafkaJs } from './client.ts'
import { encodeInstances } from './generation-instances.ts'
import { assignSticky, type MemberClaim } from './sticky-assignment.ts'

/** User data of a member's subscription. */
export interface HeldPartitions {
  /** Its last generation, −1 before the first. */
  readonly generation: number
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[]
}

export const stickyAssignerName = 'ValenceStickyAssigner'
const version = 0
/** Kafka's maximum length of a group.instance.id. */
const maxInstanceLength = 249

interface Statement {
  readonly generation: number
  readonly numbers: readonly number[]
  /** Undefined for members of earlier versions, which do not send it. */
  readonly instance: string | undefined
}

function isInstance(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxInstanceLength
}

function readStatement(readUserData: () => Buffer | undefined): Statement {
  try {
    const userData = readUserData() ?? Buffer.alloc(0)
    const { g, p, i } = JSON.parse(userData.toString()) as { g?: unknown; p?: unknown; i?: unknown }
    const numbers = Array.isArray(p) ? p.filter((number) => Number.isInteger(number)) : []
    return { generation: typeof g === 'number' ? g : -1, numbers, instance: isInstance(i) ? i : undefined }
  } catch {
    // A member without user data, or with another format, is treated as holding no partitions.
    return { generation: -1, numbers: [], instance: undefined }
  }
}

/**
 * A sticky, co-partitioned assigner; see `assignSticky`. kafkajs's own assigner distributes all partitions of all
 * topics round-robin in the order of random member ids, so a rebalance moves nearly all partitions. `held` is called at
 * each join. Pass the assigner to `consumer({ partitionAssigners })` before the built-in one, so that members of older
 * versions can be in the group during an upgrade. With `instance`, the unique name of this process in the group, other
 * members learn that it is alive; see `aliveInstances`.
 */
export function createStickyAssigner(held: () => HeldPartitions, instance?: string): PartitionAssigner {
  if (instance !== undefined && !isInstance(instance)) {
    throw new ValenceError('VAL_CONFIG_INVALID', `an instance is named by 1 to ${maxInstanceLength} characters`)
  }
  return ({ cluster }): Assigner => {
    const { MemberMetadata, MemberAssignment } = loadKafkaJs().AssignerProtocol
    const statementOf = ({ memberMetadata }: GroupMember) =>
      readStatement(() => MemberMetadata.decode(memberMetadata)?.userData)
    return {
      name: stickyAssignerName,
      version,
      async assign({ members, topics }) {
        const known = topics.map((topic) => [
          topic,
          cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId),
        ])
        const stated = members.map((member) => ({ ...statementOf(member), memberId: member.memberId }))
        const claims = stated.map(
          ({ memberId, generation, numbers }): MemberClaim => ({ memberId, generation, held: new Set(numbers) }),
        )
        const assigned = assignSticky(claims, Object.fromEntries(known))
        const userData = encodeInstances(stated.map((own) => own.instance))
        return [...assigned].map(([memberId, assignment]) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({
            version,
            assignment: assignment as Record<string, number[]>,
            userData,
          }),
        }))
      },
      protocol({ topics }) {
        const { generation, partitions } = held()
        const numbers = [...new Set(partitions.map(({ partition }) => partition))].sort((a, b) => a - b)
        const userData = Buffer.from(JSON.stringify({ g: generation, p: numbers, i: instance }))
        return { name: this.name, metadata: MemberMetadata.encode({ version, topics, userData }) }
      },
    }
  }
}
