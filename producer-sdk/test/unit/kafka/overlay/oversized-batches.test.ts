import { describe, expect, it, vi } from 'vitest'
import { setBatchListener } from '../../../../src/kafka/overlay/batch-listener.ts'
import { type BoundedGroupClass, reportOversizedBatches } from '../../../../src/kafka/overlay/oversized-batches.ts'

const fine = { topic: 't', partition: 0, fetchedOffset: '3', rawMessages: ['record'] }
const oversized = { topic: 't', partition: 1, fetchedOffset: '7', rawMessages: Object.assign([], { limitBytes: 10 }) }

function createGroup() {
  const prototype = { fetch: async () => [fine, oversized] } as unknown as BoundedGroupClass['prototype']
  reportOversizedBatches({ prototype })
  return Object.assign(Object.create(prototype) as typeof prototype, { cluster: {} })
}

describe('reportOversizedBatches', () => {
  it('tells the listener and hands on the others', async () => {
    const group = createGroup()
    const onOversized = vi.fn()
    setBatchListener(group.cluster, { onOversized })
    expect(await group.fetch(1)).toEqual([fine])
    expect(onOversized.mock.calls).toEqual([[{ topic: 't', partition: 1, fetchedOffset: 7n, limitBytes: 10 }]])
  })

  it.each([
    ['no listener', undefined],
    ['a listener for other things', {}],
  ])('rejects with %s', async (_name, listener) => {
    const group = createGroup()
    if (listener) setBatchListener(group.cluster, listener)
    await expect(group.fetch(1)).rejects.toMatchObject({
      code: 'VAL_KAFKA_BATCH_TOO_LARGE',
      detail: 't-1 at 7: more than 10 bytes',
    })
  })
})
