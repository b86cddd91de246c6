import { AsyncLocalStorage } from 'node:async_hooks'
import { processWide } from './process-wide.ts'
import { membershipOf } from './static-membership.ts'

/** A member's place in one generation of its group, as it was when it got its assignment. */
export interface GroupStanding {
  readonly generationId: number
  readonly memberId: string
  readonly instanceId: string | null
  /** The assigner that the group agreed on. */
  readonly protocol: string | null
  /** What the leader's assigner sent beside the assignment. */
  readonly userData: Buffer
}

interface Emitter {
  emit(name: string, payload?: unknown): void
}

interface ConsumerGroup {
  readonly cluster: object
  readonly generationId: number | null
  readonly memberId: string | null
  readonly groupProtocol: string | null
  instrumentationEmitter: Emitter
  joinAndSync(): Promise<void>
}

export interface StandingGroupClass {
  readonly prototype: ConsumerGroup
}

/** kafkajs's `MemberAssignment`. */
export interface AssignmentFormat {
  decode(buffer: Buffer): { readonly userData: Buffer | null } | null
}

const groupJoin = 'consumer.group_join'
const nothing = Buffer.alloc(0)

// Keyed by the cluster: it is what a consumer and its consumer groups have in common.
const standings = processWide('group-standings', () => new WeakMap<object, GroupStanding>())
const joins = processWide('group-joins', () => new AsyncLocalStorage<{ userData: Buffer }>())

/** Of the consumer that owns this cluster; undefined before it has joined. */
export function standingOf(cluster: object): GroupStanding | undefined {
  return standings.get(cluster)
}

/**
 * Hunk X. kafkajs exposes the assignment of a generation, but neither its number nor the leader's user data. Both are
 * recorded at the GROUP_JOIN event, before its listeners run: during a rebalance, kafkajs's own fields already belong
 * to the next generation while the assignment is still that of the previous one.
 */
export function noteStandings(groupClass: StandingGroupClass, assignments: AssignmentFormat): void {
  const { decode } = assignments
  assignments.decode = (buffer) => {
    const decoded = decode(buffer)
    const join = joins.getStore()
    if (join) join.userData = Buffer.from(decoded?.userData ?? nothing)
    return decoded
  }

  const observed = new WeakSet<ConsumerGroup>()
  const { joinAndSync: stockJoin } = groupClass.prototype
  groupClass.prototype.joinAndSync = function joinAndSync(this: ConsumerGroup) {
    if (!observed.has(this)) {
      observed.add(this)
      this.instrumentationEmitter = noting(this)
    }
    return joins.run({ userData: nothing }, () => stockJoin.call(this))
  }
}

function noting(group: ConsumerGroup): Emitter {
  const emitter = group.instrumentationEmitter
  const emit = (name: string, payload?: unknown) => {
    if (name === groupJoin) noteStanding(group)
    emitter.emit(name, payload)
  }
  return Object.create(emitter, { emit: { value: emit } }) as Emitter
}

function noteStanding({ cluster, generationId, memberId, groupProtocol }: ConsumerGroup): void {
  if (generationId === null || memberId === null) return
  const userData = joins.getStore()?.userData ?? nothing
  const instanceId = membershipOf(cluster)?.groupInstanceId ?? null
  standings.set(cluster, { generationId, memberId, instanceId, protocol: groupProtocol, userData })
}
