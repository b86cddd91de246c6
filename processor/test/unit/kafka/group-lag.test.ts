import { type Admin, loadKafkaJs } from '@valence/producer-sdk/kafka'
import { describe, expect, it } from 'vitest'
import { readLag } from '../../../src/kafka/group-lag.ts'

interface FakeCluster {
  /** Topic → partition → first and next offset. */
  readonly logs: Readonly<Record<string, readonly (readonly [low: number, high: number])[]>>
  /** `topic-partition` → committed offset. */
  readonly committed?: Readonly<Record<string, number>>
  /** Member id → topic → partitions. */
  readonly members?: Readonly<Record<string, Readonly<Record<string, number[]>>>>
  readonly state?: string
}

/** The three answers that the reader asks for. */
function fakeAdmin({ logs, committed = {}, members = {}, state = 'Stable' }: FakeCluster): Admin {
  const { MemberAssignment } = loadKafkaJs().AssignerProtocol
  const encode = (assignment: Record<string, number[]>) =>
    MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) })
  return {
    fetchTopicOffsets: async (topic: string) =>
      (logs[topic] ?? []).map(([low, high], partition) => ({ partition, low: `${low}`, high: `${high}` })).reverse(),
    fetchOffsets: async ({ topics }: { topics: string[] }) =>
      topics.map((topic) => ({
        topic,
        partitions: (logs[topic] ?? []).map((_, partition) => ({
          partition,
          offset: String(committed[`${topic}-${partition}`] ?? -1),
        })),
      })),
    describeGroups: async () => ({
      groups: [
        {
          state,
          members: Object.entries(members).map(([memberId, assignment]) => ({
            memberId,
            memberAssignment: Object.keys(assignment).length === 0 ? Buffer.alloc(0) : encode(assignment),
          })),
        },
      ],
    }),
  } as unknown as Admin
}

function read(cluster: FakeCluster, start: 'earliest' | 'latest' = 'earliest') {
  return readLag({ admin: fakeAdmin(cluster), groupId: 'g', topics: Object.keys(cluster.logs), start })
}

const uuid = '3b241101-e2bb-4255-8caf-4136c566a962'

describe('readLag', () => {
  it('lists the partitions of all topics in order', async () => {
    const { partitions, groupId, state } = await read({
      logs: {
        b: [[0, 1]],
        a: [
          [0, 2],
          [0, 3],
        ],
      },
    })
    expect({ groupId, state }).toEqual({ groupId: 'g', state: 'Stable' })
    expect(partitions.map(({ topic, partition, end }) => [topic, partition, end])).toEqual([
      ['b', 0, 1n],
      ['a', 0, 2n],
      ['a', 1, 3n],
    ])
  })

  it.each([
    ['from the committed offset', [0, 100], 40, 'earliest', 60n],
    ['nothing at the end', [0, 100], 100, 'earliest', 0n],
    ['from the beginning without a position', [10, 100], undefined, 'earliest', 90n],
    ['nothing without a position where the end comes first', [10, 100], undefined, 'latest', 0n],
    ['a committed offset of zero', [0, 100], 0, 'latest', 100n],
    ['from the beginning of the log where the position is gone', [50, 100], 20, 'earliest', 50n],
    ['nothing where the topic was created again', [0, 5], 40, 'earliest', 0n],
  ] as const)('counts %s', async (_, log, offset, start, lag) => {
    const committed = offset === undefined ? {} : { 't-0': offset }
    const { partitions } = await read({ logs: { t: [log] }, committed }, start)
    expect(partitions[0]).toMatchObject({ lag, committed: offset === undefined ? null : BigInt(offset) })
  })

  it('names a partition without a leader instead of inventing its lag', async () => {
    const { partitions, leaderless } = await read({
      logs: {
        t: [
          [0, 2],
          [-1, -1],
        ],
      },
      committed: { 't-0': 1, 't-1': 7 },
    })
    expect(partitions.map(({ partition, lag }) => [partition, lag])).toEqual([[0, 1n]])
    expect(leaderless).toEqual([{ topic: 't', partition: 1 }])
  })

  it('does not lose offsets beyond 2^53', async () => {
    const end = 9_007_199_254_740_993n
    const admin = fakeAdmin({ logs: { t: [[0, 0]] } })
    Object.assign(admin, { fetchTopicOffsets: async () => [{ partition: 0, low: '0', high: String(end) }] })
    const { partitions } = await readLag({ admin, groupId: 'g', topics: ['t'], start: 'earliest' })
    expect(partitions[0]).toMatchObject({ end, lag: end })
  })

  it('names the members without what brokers add to their names', async () => {
    const { partitions } = await read({
      logs: {
        t: [
          [0, 1],
          [0, 1],
          [0, 1],
          [0, 1],
        ],
      },
      members: { [`host-9464-${uuid}`]: { t: [0, 2] }, 'named-by-somebody': { t: [1] } },
    })
    expect(partitions.map(({ owner }) => owner)).toEqual(['host-9464', 'named-by-somebody', 'host-9464', null])
  })

  it('takes a member that was assigned nothing yet', async () => {
    const { partitions, state } = await read({
      logs: { t: [[0, 1]] },
      members: { [`joining-${uuid}`]: {} },
      state: 'PreparingRebalance',
    })
    expect(state).toBe('PreparingRebalance')
    expect(partitions[0]?.owner).toBeNull()
  })
})
