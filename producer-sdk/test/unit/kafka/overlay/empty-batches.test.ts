import { describe, expect, it } from 'vitest'
import { setBatchListener } from '../../../../src/kafka/overlay/batch-listener.ts'
import { type FilteringGroupClass, handOverEmptyBatches } from '../../../../src/kafka/overlay/empty-batches.ts'
import { stockModule } from '../../../support/stock-kafkajs.ts'

interface Batch {
  readonly fetchedOffset: string
  isEmpty(): boolean
  isEmptyDueToFiltering(): boolean
  lastOffset(): string
}

const BatchClass = stockModule<new (topic: string, fetchedOffset: string, data: object) => Batch>('consumer/batch.js')
const marker = { offset: '5', isControlRecord: true, batchContext: { isControlBatch: true } }

function createGroup(messages: object[]) {
  const fetch = async () => [
    new BatchClass('t', '5', { partition: 0, highWatermark: '6', messages, abortedTransactions: [] }),
  ]
  const prototype = { fetch } as unknown as FilteringGroupClass['prototype']
  handOverEmptyBatches({ prototype })
  return Object.assign(Object.create(prototype) as { fetch(nodeId: number): Promise<Batch[]> }, { cluster: {} })
}

describe('handOverEmptyBatches', () => {
  it('T: hands a batch of control records to a consumer that takes it', async () => {
    const group = createGroup([marker])
    setBatchListener(group.cluster, { takesEmpty: true })
    const [batch] = await group.fetch(1)
    expect([batch?.isEmpty(), batch?.isEmptyDueToFiltering()]).toEqual([false, false])
    expect([batch?.fetchedOffset, batch?.lastOffset()]).toEqual(['5', '5'])
  })

  it('leaves it to kafkajs for others', async () => {
    const group = createGroup([marker])
    const [batch] = await group.fetch(1)
    expect([batch?.isEmpty(), batch?.isEmptyDueToFiltering()]).toEqual([true, true])
  })

  it('leaves an answer without any records to kafkajs', async () => {
    const group = createGroup([])
    setBatchListener(group.cluster, { takesEmpty: true })
    const [batch] = await group.fetch(1)
    expect([batch?.isEmpty(), batch?.isEmptyDueToFiltering()]).toEqual([true, false])
  })
})
