import { requestFor, sendTo } from './broker-request.ts'
import type { ApiName, Protocol, Requester } from './internals.ts'
import { processWide } from './process-wide.ts'

/** Options of a static member. */
export interface Membership {
  readonly groupInstanceId: string
  /** Send LeaveGroup on disconnect, so that the partitions move at once instead of waiting for this member. */
  leaveOnDisconnect: boolean
}

interface ConsumerGroup {
  readonly cluster: object
  memberId: string | null
  coordinator: Requester | null
}

export interface ConsumerGroupClass {
  readonly prototype: ConsumerGroup & { leave(): Promise<void> }
}

// Keyed by the cluster, since that is what kafkajs hands both to a partition assigner and to a consumer group.
const memberships = processWide('memberships', () => new WeakMap<object, Membership>())

/** Makes the consumer that owns this cluster a static member. */
export function setMembership(cluster: object, membership: Membership): void {
  memberships.set(cluster, membership)
}

/** Undefined for a dynamic member. */
export function membershipOf(cluster: object): Membership | undefined {
  return memberships.get(cluster)
}

function asStaticMember(coordinator: Requester, protocol: Protocol, { groupInstanceId }: Membership): Requester {
  const request = (api: ApiName) => ({
    value: (fields: object) =>
      sendTo(coordinator, requestFor(coordinator, protocol, api, { ...fields, groupInstanceId })),
  })
  return Object.create(coordinator, {
    // A static member is never told to come back with a member id, so joining has no second round.
    joinGroup: {
      value: (fields: object) => request('JoinGroup').value({ memberId: '', protocolType: 'consumer', ...fields }),
    },
    syncGroup: request('SyncGroup'),
    heartbeat: request('Heartbeat'),
    leaveGroup: request('LeaveGroup'),
  }) as Requester
}

/**
 * kafkajs's encoders of JoinGroup v5, SyncGroup v3, Heartbeat v3 and LeaveGroup v3 take a group instance id, but its
 * consumer never passes one. This puts a coordinator into the consumer group that does.
 */
export function addStaticMembership(groupClass: ConsumerGroupClass, protocol: Protocol): void {
  const coordinators = new WeakMap<ConsumerGroup, Requester | null>()

  Object.defineProperty(groupClass.prototype, 'coordinator', {
    configurable: true,
    get(this: ConsumerGroup) {
      return coordinators.get(this) ?? null
    },
    set(this: ConsumerGroup, coordinator: Requester | null) {
      const membership = memberships.get(this.cluster)
      coordinators.set(
        this,
        coordinator && membership ? asStaticMember(coordinator, protocol, membership) : coordinator,
      )
    },
  })

  const stockLeave = groupClass.prototype.leave
  groupClass.prototype.leave = async function leave(this: ConsumerGroup) {
    const membership = memberships.get(this.cluster)
    if (!membership || membership.leaveOnDisconnect) return stockLeave.call(this)
    // The broker keeps the assignment for the session timeout: a restart within it moves no partition.
    this.memberId = null
  }
}
