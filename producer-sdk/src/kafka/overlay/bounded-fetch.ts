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

/** The last fetch of a group from one broker, and the number of fetches. */
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

/**
 * Partitions that wait for memory are fetched again after this long, or when memory is released. Chosen, not measured.
 */
const waitMs = 50

function rotate<Item>(items: readonly Item[], by: number): Item[] {
  const start = items.length === 0 ? 0 : by % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}

/**
 * Hunk Q: fetched records count against the memory budget of the process until their handlers have finished. A batch
 * that does not fit is dropped and fetched again later. The order of partitions rotates with each fetch; otherwise the
 * first ones would use the whole budget and all bytes of each response.
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

  /** kafkajs fetches from a broker again when all handlers of the previous fetch have returned. */
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
    // kafkajs omits partitions that were paused or seeked meanwhile.
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
