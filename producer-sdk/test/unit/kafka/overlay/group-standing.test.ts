import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import {
  type AssignmentFormat,
  noteStandings,
  type StandingGroupClass,
  standingOf,
} from '../../../../src/kafka/overlay/group-standing.ts'
import { setMembership } from '../../../../src/kafka/overlay/static-membership.ts'
import { createErrorFromCode, silentLogger, stockModule } from '../../../support/stock-kafkajs.ts'

type Group = StandingGroupClass['prototype']
type Format = AssignmentFormat & { encode(assignment: object): Buffer }

const Stock = stockModule<new (options: object) => Group>('consumer/consumerGroup.js')
class Patched extends Stock {}
const { MemberAssignment } = stockModule<{ MemberAssignment: Format }>('consumer/assignerProtocol.js')
noteStandings(Patched as unknown as StandingGroupClass, MemberAssignment)

function createGroup(answers: { syncs?: (Error | undefined)[]; userData?: () => Buffer | undefined } = {}) {
  let generationId = 0
  const coordinator = {
    async joinGroup() {
      generationId += 1
      return { generationId, leaderId: 'x', memberId: `m${generationId}`, members: [], groupProtocol: 'ours' }
    },
    async syncGroup() {
      const error = answers.syncs?.shift()
      if (error) throw error
      const userData = answers.userData?.() ?? Buffer.alloc(0)
      return { memberAssignment: MemberAssignment.encode({ version: 0, assignment: { texts: [0] }, userData }) }
    },
  }
  const cluster = {
    findGroupCoordinator: async () => coordinator,
    committedOffsets: () => ({}),
    findTopicPartitionMetadata: () => [{ partitionId: 0 }],
  }
  const emitter = new EventEmitter()
  const group = new Patched({
    logger: { namespace: () => silentLogger },
    retry: { retries: 3, initialRetryTime: 1 },
    cluster,
    groupId: 'g',
    topics: ['texts'],
    topicConfigurations: {},
    assigners: [],
    instrumentationEmitter: { emit: (name: string, payload: unknown) => void emitter.emit(name, payload) },
  })
  return { group, cluster, emitter }
}

describe('noteStandings', () => {
  it('knows member, generation and what the leader sent when the listeners of GROUP_JOIN run', async () => {
    const { group, cluster, emitter } = createGroup({ userData: () => Buffer.from('sent') })
    const seen: unknown[] = []
    emitter.on('consumer.group_join', (payload) => seen.push([payload, standingOf(cluster)]))
    expect(standingOf(cluster)).toBeUndefined()
    await group.joinAndSync()
    const standing = {
      generationId: 1,
      memberId: 'm1',
      instanceId: null,
      protocol: 'ours',
      userData: Buffer.from('sent'),
    }
    expect(seen).toEqual([[expect.objectContaining({ memberId: 'm1', memberAssignment: { texts: [0] } }), standing]])
  })

  it('is of the last assignment while the group joins again', async () => {
    const syncs: (Error | undefined)[] = []
    const { group, cluster, emitter } = createGroup({ syncs })
    await group.joinAndSync()
    const seen: (number | undefined)[] = []
    // kafkajs has the next generation already when the coordinator interrupts it.
    syncs.push(createErrorFromCode(27))
    emitter.on('consumer.group_join', () => seen.push(standingOf(cluster)?.generationId))
    const joining = group.joinAndSync()
    await new Promise(setImmediate)
    expect([group.generationId, standingOf(cluster)?.generationId]).toEqual([2, 1])
    await joining
    expect(seen).toEqual([3])
  })

  it('names the instance of a static member', async () => {
    const { group, cluster } = createGroup()
    setMembership(cluster, { groupInstanceId: 'instance-1', leaveOnDisconnect: false })
    await group.joinAndSync()
    expect(standingOf(cluster)).toMatchObject({ memberId: 'm1', instanceId: 'instance-1' })
  })

  it('keeps what several groups are sent apart', async () => {
    const groups = ['a', 'b', 'c'].map((text) => createGroup({ userData: () => Buffer.from(text) }))
    await Promise.all(groups.map(({ group }) => group.joinAndSync()))
    expect(groups.map(({ cluster }) => String(standingOf(cluster)?.userData))).toEqual(['a', 'b', 'c'])
  })
})
