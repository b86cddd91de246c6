import { holdingInto, holdOf, type RecordHold, recordMemory, releaseUnlessRetained } from '../record-memory.ts'
import type { OversizedRecords } from './decode-messages.ts'

interface FetchedBatch {
  readonly rawMessages: OversizedRecords
}

interface Assigned {
  readonly topic: string
  readonly partitions: readonly number[]
}

interface ConsumerGroup {
  readonly subscriptionState: { assigned(): readonly Assigned[] }
  getNodeIds(): readonly number[]
}

/** What a group has fetched from one broker last, and how often it has asked it. */
interface NodeState {
  holds: RecordHold[]
  rounds: number
}

export interface CountedGroupClass {
  readonly prototype: ConsumerGroup & {
    fetch(nodeId: number): Promise<FetchedBatch[]>
    filterPartitionsByNode(nodeId: number, partitions: readonly Assigned[]): Assigned[]
    leave(): Promise<void>
  }
}

/** Partitions that wait for memory are asked for again after so long, or when something is released. Chosen. */
const waitMs = 50

function rotate<Item>(items: readonly Item[], by: number): Item[] {
  const start = items.length === 0 ? 0 : by % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}

/**
 * Hunk Q: what a consumer has fetched counts against the memory of the process until its handlers are done with it. A
 * batch for which there is no room is left out and fetched again; and another partition comes first each time, or those in
 * front would take all the room, and all the bytes of each answer.
 */
export function countFetchedRecords({ prototype }: CountedGroupClass): void {
  const { fetch: innerFetch, filterPartitionsByNode: partitionsOfNode, leave: innerLeave } = prototype
  const groups = new WeakMap<object, Map<number, NodeState>>()

  function stateOf(group: object, nodeId: number): NodeState {
    const states = groups.get(group) ?? new Map<number, NodeState>()
    groups.set(group, states)
    const state = states.get(nodeId) ?? { holds: [], rounds: 0 }
    states.set(nodeId, state)
    return state
  }

  /** kafkajs fetches again from a broker when all handlers of the fetch before have returned. */
  function beginFetch(group: ConsumerGroup, nodeId: number): RecordHold[] {
    const present = new Set(group.getNodeIds())
    const states = groups.get(group)
    for (const [id, { holds }] of states ?? []) {
      if (id !== nodeId && present.has(id)) continue
      releaseUnlessRetained(holds)
      if (id !== nodeId) states?.delete(id)
    }
    const state = stateOf(group, nodeId)
    state.holds = []
    return state.holds
  }

  prototype.filterPartitionsByNode = function filterPartitionsByNode(this: ConsumerGroup, nodeId, partitions) {
    const state = stateOf(this, nodeId)
    state.rounds += 1
    const found = partitionsOfNode.call(this as never, nodeId, partitions)
    const turn = Math.floor(state.rounds / Math.max(1, found.length))
    return rotate(found, state.rounds).map(({ topic, partitions: numbers }) => ({
      topic,
      partitions: rotate(numbers, turn),
    }))
  }

  prototype.fetch = async function fetch(this: ConsumerGroup, nodeId) {
    const holds = beginFetch(this, nodeId)
    const assigned = this.subscriptionState.assigned()
    const partitions = assigned.reduce((sum, { partitions: numbers }) => sum + numbers.length, 0)
    recordMemory.report(this, partitions, performance.now())
    const batches = await holdingInto(holds, () => innerFetch.call(this as never, nodeId)).catch((error) => {
      releaseUnlessRetained(holds)
      throw error
    })
    const delivered = new Set(batches.map(({ rawMessages }) => holdOf(rawMessages)))
    // kafkajs leaves out what was paused or sought elsewhere meanwhile.
    for (const hold of holds) if (!delivered.has(hold)) hold.release()
    const ready = batches.filter(({ rawMessages }) => !rawMessages.waits)
    if (ready.length === 0 && batches.length > 0) await recordMemory.released(waitMs)
    return ready
  }

  prototype.leave = function leave(this: ConsumerGroup) {
    for (const { holds } of groups.get(this)?.values() ?? []) releaseUnlessRetained(holds)
    return innerLeave.call(this as never)
  }
}
