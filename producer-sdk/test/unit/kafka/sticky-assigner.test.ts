import type { Cluster, Logger } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { loadKafkaJs } from '../../../src/kafka/client.ts'
import { createStickyAssigner, type HeldPartitions } from '../../../src/kafka/sticky-assigner.ts'

const { MemberMetadata, MemberAssignment } = loadKafkaJs().AssignerProtocol

/** An assigner on a cluster whose topics have four partitions each. */
function assigner(held: HeldPartitions = { generation: -1, partitions: [] }) {
  const partitions = [0, 1, 2, 3].map((partitionId) => ({ partitionId }))
  const cluster = { findTopicPartitionMetadata: () => partitions } as unknown as Cluster
  return createStickyAssigner(() => held)({ cluster, groupId: 'group', logger: {} as Logger })
}

const held = (generation: number, ...numbers: number[]): HeldPartitions => ({
  generation,
  partitions: numbers.map((partition) => ({ topic: 'texts', partition })),
})

async function assign(members: { memberId: string; memberMetadata: Buffer }[]) {
  const assigned = await assigner().assign({ members, topics: ['texts'] })
  return new Map(
    assigned.map(({ memberId, memberAssignment }) => [
      memberId,
      MemberAssignment.decode(memberAssignment)?.assignment.texts ?? [],
    ]),
  )
}

const metadata = (own?: HeldPartitions) => assigner(own).protocol({ topics: ['texts'] }).metadata

describe('createStickyAssigner', () => {
  it('leaves each member what it says it holds', async () => {
    const assigned = await assign([
      { memberId: 'a', memberMetadata: metadata(held(4, 1, 3)) },
      { memberId: 'b', memberMetadata: metadata(held(4, 0, 2)) },
    ])
    expect([...assigned]).toEqual([
      ['a', [1, 3]],
      ['b', [0, 2]],
    ])
  })

  it('takes a member that says nothing, or something else, for one that holds nothing', async () => {
    const strange = [Buffer.alloc(0), Buffer.from('{"p":7}'), Buffer.from('\0\0'), Buffer.from('{"p":["x",null,1]}')]
    for (const userData of strange) {
      const memberMetadata = MemberMetadata.encode({ version: 0, topics: ['texts'], userData })
      const assigned = await assign([
        { memberId: 'a', memberMetadata },
        { memberId: 'b', memberMetadata: metadata(held(4, 0, 2)) },
      ])
      expect(assigned.get('b')).toEqual([0, 2])
    }
  })
})
