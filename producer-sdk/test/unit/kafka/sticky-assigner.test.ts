import type { Cluster, Logger } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { loadKafkaJs } from '../../../src/kafka/client.ts'
import { decodeInstances } from '../../../src/kafka/generation-instances.ts'
import { createStickyAssigner, type HeldPartitions } from '../../../src/kafka/sticky-assigner.ts'

const { MemberMetadata, MemberAssignment } = loadKafkaJs().AssignerProtocol

/** An assigner on a cluster whose topics have four partitions each. */
function assigner(held: HeldPartitions = { generation: -1, partitions: [] }, instance?: string) {
  const partitions = [0, 1, 2, 3].map((partitionId) => ({ partitionId }))
  const cluster = { findTopicPartitionMetadata: () => partitions } as unknown as Cluster
  return createStickyAssigner(() => held, instance)({ cluster, groupId: 'group', logger: {} as Logger })
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

const metadata = (own?: HeldPartitions, instance?: string) =>
  assigner(own, instance).protocol({ topics: ['texts'] }).metadata

/** What a member learns of the instances, with the partitions that it gets. */
async function told(memberMetadata: Buffer[]) {
  const members = memberMetadata.map((own, index) => ({ memberId: `m${index}`, memberMetadata: own }))
  const assigned = await assigner().assign({ members, topics: ['texts'] })
  return assigned.map(({ memberAssignment }) => {
    const decoded = MemberAssignment.decode(memberAssignment)
    return {
      count: decoded?.assignment.texts?.length,
      instances: decodeInstances(decoded?.userData ?? Buffer.alloc(0)),
    }
  })
}

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

  it('tells every member which instances are alive', async () => {
    const members = await told([metadata(held(4, 0), 'one'), metadata(undefined, 'two')])
    for (const { instances } of members) {
      expect(['one', 'two', 'three'].map((name) => instances?.has(name))).toEqual([true, true, false])
      expect(instances?.hasOldMembers).toBe(false)
    }
  })

  it('assigns to members that name no instance, and tells the others of them', async () => {
    const userData = Buffer.from('{"g":3,"p":[0,1]}')
    const old = MemberMetadata.encode({ version: 0, topics: ['texts'], userData })
    const broken = [
      Buffer.of(0),
      MemberMetadata.encode({ version: 0, topics: ['texts'], userData: Buffer.from('{"i":7}') }),
      MemberMetadata.encode({ version: 0, topics: ['texts'], userData: Buffer.from(`{"i":"${'x'.repeat(250)}"}`) }),
    ]
    for (const strange of [old, ...broken]) {
      const members = await told([metadata(undefined, 'new'), strange])
      expect(members.map(({ count }) => count)).toEqual([2, 2])
      expect(members.map(({ instances }) => [instances?.has('new'), instances?.hasOldMembers])).toEqual([
        [true, true],
        [true, true],
      ])
    }
  })

  it('says to leaders of the earlier version what they always read', () => {
    const { userData } = MemberMetadata.decode(metadata(held(4, 3, 1), 'one')) ?? {}
    expect(JSON.parse(String(userData))).toMatchObject({ g: 4, p: [1, 3] })
    const unnamed = MemberMetadata.decode(metadata(held(4, 3, 1)))
    expect(String(unnamed?.userData)).toBe('{"g":4,"p":[1,3]}')
  })

  it('refuses a name that nobody would read', () => {
    for (const name of ['', 'x'.repeat(250)]) expect(() => assigner(undefined, name)).toThrow('1 to 249 characters')
  })
})
