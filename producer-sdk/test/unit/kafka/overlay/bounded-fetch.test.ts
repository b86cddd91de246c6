import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type CountedGroupClass, countFetchedRecords } from '../../../../src/kafka/overlay/bounded-fetch.ts'
import { heldRecordBytes, holdRecords, recordMemory, retainRecords } from '../../../../src/kafka/record-memory.ts'

const maxBytes = recordMemory.maxBytes
beforeEach(() => {
  recordMemory.maxBytes = 8_000
})
afterEach(() => {
  vi.restoreAllMocks()
  recordMemory.maxBytes = maxBytes
})

/** A group of which each fetch decodes these lists of records, and hands on those that are not named `dropped`. */
function createGroup(fetches: { name: string; bytes?: number }[][]) {
  const nodes = [1, 2]
  const prototype = {
    getNodeIds: () => nodes,
    subscriptionState: { assigned: () => [{ topic: 't', partitions: [0, 1, 2, 3] }] },
    async fetch() {
      const batches = (fetches.shift() ?? []).map(({ name, bytes }) => {
        if (name === 'broken') throw new Error(name)
        const rawMessages = bytes === undefined ? Object.assign([], { waits: true }) : [name]
        if (bytes !== undefined) holdRecords(rawMessages, bytes)
        return { name, rawMessages }
      })
      return batches.filter(({ name }) => name !== 'dropped')
    },
    filterPartitionsByNode: (_node: number, partitions: unknown) => partitions,
    async leave() {},
  } as unknown as CountedGroupClass['prototype']
  countFetchedRecords({ prototype })
  const group = Object.create(prototype) as typeof prototype
  const names = async (node: number) => (await group.fetch(node)).map(({ rawMessages }) => rawMessages[0])
  return Object.assign(group, { names, nodes })
}

describe('what a consumer fetches', () => {
  it('is counted until the next fetch from the same broker, and what kafkajs leaves out is not', async () => {
    const group = createGroup([
      [
        { name: 'a', bytes: 300 },
        { name: 'dropped', bytes: 200 },
      ],
      [{ name: 'b', bytes: 50 }],
      [],
    ])
    expect(await group.names(1)).toEqual(['a'])
    expect(heldRecordBytes()).toBe(300)
    await group.fetch(2)
    expect(heldRecordBytes()).toBe(350)
    await group.fetch(1)
    expect(heldRecordBytes()).toBe(50)
    await group.leave()
    expect(heldRecordBytes()).toBe(0)
  })

  it('is not counted any more once its broker is gone', async () => {
    const group = createGroup([[{ name: 'a', bytes: 300 }], [{ name: 'b', bytes: 50 }]])
    await group.fetch(2)
    group.nodes.pop()
    await group.fetch(1)
    expect(heldRecordBytes()).toBe(50)
    await group.leave()
  })

  it('is not counted where the fetch fails behind it', async () => {
    const group = createGroup([[{ name: 'a', bytes: 300 }, { name: 'broken' }], []])
    await expect(group.fetch(1)).rejects.toThrow('broken')
    expect(heldRecordBytes()).toBe(0)
  })

  it('is counted until it is released, where the reader keeps it', async () => {
    const group = createGroup([[{ name: 'a', bytes: 300 }], []])
    const [batch] = await group.fetch(1)
    const hold = retainRecords(batch as object)
    await group.fetch(1)
    await group.leave()
    expect([hold?.bytes, heldRecordBytes()]).toEqual([300, 300])
    hold?.release()
    expect(heldRecordBytes()).toBe(0)
  })

  it('is left out where it waits for memory, and asked for again as soon as something is released', async () => {
    const group = createGroup([[{ name: 'waits' }, { name: 'a', bytes: 10 }], [{ name: 'waits' }]])
    const [batch] = await group.fetch(1)
    const hold = retainRecords(batch as object)
    const released = vi.spyOn(recordMemory, 'released')
    const waiting = group.names(2)
    await vi.waitFor(() => expect(released).toHaveBeenCalledOnce())
    hold?.release()
    expect(await waiting).toEqual([])
    await group.leave()
  })

  it('begins with another partition each time', () => {
    const group = createGroup([])
    const assigned = [{ topic: 't', partitions: [0, 1, 2] }]
    const firsts = [1, 2, 3].map(() => group.filterPartitionsByNode(1, assigned)[0]?.partitions)
    expect(firsts).toEqual([
      [1, 2, 0],
      [2, 0, 1],
      [0, 1, 2],
    ])
    expect(group.filterPartitionsByNode(1, [])).toEqual([])
  })

  it('begins with each partition of each topic in turn, for each broker by itself', () => {
    const group = createGroup([])
    const assigned = ['t', 'u'].map((topic) => ({ topic, partitions: [0, 1] }))
    const first = (node: number) => {
      const [found] = group.filterPartitionsByNode(node, assigned)
      return `${found?.topic}-${found?.partitions[0]}`
    }
    const turns = [1, 2, 3, 4].map(() => [first(1), first(2)])
    for (const node of [0, 1]) expect(new Set(turns.map((turn) => turn[node])).size).toBe(4)
  })
})
