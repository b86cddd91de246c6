import { FakeBroker, FakeSource } from '@valence/testing/kafka/fake-broker'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type OrderedReading, startOrderedReading } from '../../../src/kafka/ordered-reading.ts'
import type { RecordBatch } from '../../../src/kafka/record.ts'
import type { TopicPartition } from '../../../src/kafka/topic-partition.ts'

const first: TopicPartition = { topic: 'scores', partition: 0 }
const other: TopicPartition = { topic: 'scores', partition: 1 }

let broker: FakeBroker
let source: FakeSource
let reading: OrderedReading
let position: bigint | undefined
let end: bigint | undefined
let read: string[]
let gates: PromiseWithResolvers<void>[]
const onFatal = vi.fn()

beforeEach(async () => {
  broker = new FakeBroker()
  source = new FakeSource(broker)
  source.fetchSize = 2
  position = 0n
  end = undefined
  read = []
  gates = []
  onFatal.mockReset()
  broker.append(first, ['a', 'b', 'c', 'd', 'e', 'f'])
  broker.append(other, ['no'])
  reading = await startOrderedReading({
    source,
    positionOf: ({ partition }) => (partition === 0 ? position : undefined),
    onBatch: async (batch) => {
      const gate = Promise.withResolvers<void>()
      gates.push(gate)
      await gate.promise
      read.push(...batch.records.map(({ value }) => String(value)))
      position = batch.nextOffset === end ? undefined : batch.nextOffset
    },
    onFatal,
  })
})

/** The reader is done with the batch it has. */
async function release(): Promise<void> {
  gates.shift()?.resolve()
  await new Promise((resolve) => setImmediate(resolve))
}

async function readOn(): Promise<void> {
  while (source.fetch()) await release()
}

const batchAt = (offset: bigint) => broker.read(first, offset, 2) as RecordBatch

describe('an ordered reading', () => {
  it('reads from its position, one batch at a time, and what is not wanted not at all', async () => {
    position = 2n
    source.assign([first, other])
    source.fetch()
    expect(gates).toHaveLength(1)
    expect(source.fetch()).toBe(false)
    await release()
    await readOn()
    expect(read).toEqual(['c', 'd', 'e', 'f'])
  })

  it('goes back for what it dropped while a batch was at work', async () => {
    source.assign([first])
    source.fetch()
    // The source has handed this over and believes it done.
    source.seek(first, 4n)
    source.deliver(batchAt(2n))
    await release()
    await readOn()
    expect(read).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  it.each([4n, 1n])('sends a source back that is at %i', async (astray) => {
    source.assign([first])
    source.seek(first, astray)
    source.fetch()
    expect(gates).toEqual([])
    await readOn()
    expect(read).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  it('begins where a position is told that was not known before', async () => {
    position = undefined
    source.assign([first])
    expect(source.fetch()).toBe(false)
    position = 4n
    reading.moved(first)
    await readOn()
    expect(read).toEqual(['e', 'f'])
  })

  it('gives no batch twice where the group is joined again while it is at work', async () => {
    source.assign([first])
    source.fetch()
    source.assign([first])
    expect(source.fetch()).toBe(false)
    await release()
    await readOn()
    expect(read).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  it('ends where nothing more is wanted', async () => {
    source.assign([first])
    source.fetch()
    end = 2n
    await release()
    expect(source.fetch()).toBe(false)
    expect(read).toEqual(['a', 'b'])
  })

  it('reports what its reader throws', async () => {
    source.assign([first])
    source.fetch()
    const error = new Error('the reader broke')
    gates[0]?.reject(error)
    await vi.waitFor(() => expect(onFatal).toHaveBeenCalledWith(error))
  })
})
