import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { ProtocolRequest, Requester } from '../../../../src/kafka/overlay/internals.ts'
import {
  addStaticMembership,
  type ConsumerGroupClass,
  setMembership,
} from '../../../../src/kafka/overlay/static-membership.ts'
import { encoded } from '../../../support/encoded-request.ts'
import { errors, protocol, stockModule } from '../../../support/stock-kafkajs.ts'

type Call = (fields: object) => Promise<unknown>
type Coordinator = Requester & { joinGroup: Call; syncGroup: Call; heartbeat: Call; leaveGroup: Call }
type Group = { coordinator: Coordinator; memberId: string | null; groupId: string; leave(): Promise<void> }

const Stock = stockModule<new (options: object) => Group>('consumer/consumerGroup.js')
class Patched extends Stock {}
addStaticMembership(Patched as unknown as ConsumerGroupClass, protocol)

/** The newest version of each request that kafkajs can encode. */
const versions = { 11: { maxVersion: 9 }, 14: { maxVersion: 5 }, 12: { maxVersion: 4 }, 13: { maxVersion: 5 } }
const { lookup } = stockModule<{ lookup: (own: object) => Requester['lookupRequest'] }>('protocol/requests/index.js')

const send = vi.fn<(request: ProtocolRequest) => Promise<unknown>>()
const disconnect = vi.fn(async () => {})
const stockHeartbeat = vi.fn(async () => {})

function createGroup(membership?: { groupInstanceId: string; leaveOnDisconnect: boolean }): Group {
  const cluster = {}
  if (membership) setMembership(cluster, membership)
  const group = new Patched({ logger: { namespace: () => ({}) }, retry: {}, cluster, groupId: 'g' })
  const broker = {
    nodeId: 1,
    connectionPool: { send },
    lookupRequest: lookup(versions),
    disconnect,
    heartbeat: stockHeartbeat,
  }
  return Object.assign(group, { coordinator: broker as never as Coordinator, memberId: 'm' })
}

async function lastRequest() {
  const { bytes, ...request } = await encoded(send.mock.lastCall?.[0])
  return { ...request, text: bytes.toString('latin1') }
}

describe('addStaticMembership', () => {
  beforeEach(() => {
    vi.clearAllMocks()
    send.mockResolvedValue({})
  })

  it.each([
    ['joinGroup', 'JoinGroup', 5, { groupId: 'g', sessionTimeout: 1, rebalanceTimeout: 1, groupProtocols: [] }],
    ['syncGroup', 'SyncGroup', 3, { groupId: 'g', generationId: 1, memberId: 'm', groupAssignment: [] }],
    ['heartbeat', 'Heartbeat', 3, { groupId: 'g', groupGenerationId: 1, memberId: 'm' }],
    ['leaveGroup', 'LeaveGroup', 3, { groupId: 'g', memberId: 'm' }],
  ] as const)('passes the group instance id with %s', async (method, apiName, apiVersion, fields) => {
    await createGroup({ groupInstanceId: 'instance-1', leaveOnDisconnect: true }).coordinator[method](fields)
    expect(await lastRequest()).toMatchObject({ apiName, apiVersion, text: expect.stringContaining('instance-1') })
  })

  it('leaves dynamic members as they are', async () => {
    await createGroup().coordinator.heartbeat({})
    expect(stockHeartbeat).toHaveBeenCalled()
    expect(send).not.toHaveBeenCalled()
  })

  it('does not leave the group of a member that means to come back', async () => {
    const group = createGroup({ groupInstanceId: 'a', leaveOnDisconnect: false })
    await group.leave()
    expect(send).not.toHaveBeenCalled()
    expect(group.memberId).toBeNull()
  })

  it('leaves when asked to, by both of its names', async () => {
    const membership = { groupInstanceId: 'a', leaveOnDisconnect: false }
    const group = createGroup(membership)
    membership.leaveOnDisconnect = true
    await group.leave()
    expect(await lastRequest()).toMatchObject({ apiName: 'LeaveGroup' })
    expect(group.memberId).toBeNull()
  })

  it('keeps the rest of the coordinator', () => {
    expect(createGroup({ groupInstanceId: 'a', leaveOnDisconnect: false }).coordinator).toMatchObject({ nodeId: 1 })
  })

  it("takes the broker's other connection down with a closed one", async () => {
    send.mockRejectedValue(new errors.KafkaJSConnectionClosedError('Closed connection', { host: 'a', port: 1 }))
    const { coordinator } = createGroup({ groupInstanceId: 'a', leaveOnDisconnect: false })
    await expect(coordinator.heartbeat({ groupId: 'g', groupGenerationId: 1, memberId: 'm' })).rejects.toThrow('Closed')
    expect(disconnect).toHaveBeenCalled()
  })
})
