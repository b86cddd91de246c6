import { describe, expect, it, vi } from 'vitest'
import { kafkaErrors } from '../../../src/kafka/kafka-errors.ts'
import { sendTransactionOffsets } from '../../../src/kafka/transaction-offsets.ts'
import { createErrorFromCode } from '../../support/stock-kafkajs.ts'

const isOverlayInstalled = vi.hoisted(() => vi.fn(() => true))
vi.mock('../../../src/kafka/overlay/install.ts', () => ({ isOverlayInstalled }))

const sendOffsets = vi.fn<(request: object) => Promise<void>>(async () => undefined)
const transaction = { sendOffsets } as never
const member = { generationId: 3, memberId: 'm', instanceId: null }
const offsets = [
  { topic: 'a', partition: 0, offset: 2n ** 60n, metadata: 'note' },
  { topic: 'b', partition: 1, offset: 0n, metadata: null },
  { topic: 'a', partition: 2, offset: 7n, metadata: '' },
]

describe('sendTransactionOffsets', () => {
  it('sends all partitions of all topics at once', async () => {
    await sendTransactionOffsets(transaction, { groupId: 'group', offsets })
    expect(sendOffsets.mock.calls).toEqual([
      [
        {
          consumerGroupId: 'group',
          topics: [
            {
              topic: 'a',
              partitions: [
                { partition: 0, offset: '1152921504606846976', metadata: 'note' },
                { partition: 2, offset: '7', metadata: '' },
              ],
            },
            { topic: 'b', partitions: [{ partition: 1, offset: '0', metadata: null }] },
          ],
        },
      ],
    ])
  })

  it.each([
    [22, 'ILLEGAL_GENERATION'],
    [25, 'UNKNOWN_MEMBER_ID'],
    [82, 'FENCED_INSTANCE_ID'],
  ])('calls %i (%s) the end of the generation, which is neither fencing nor a duplicate', async (code, type) => {
    sendOffsets.mockRejectedValueOnce(createErrorFromCode(code))
    const refused = await sendTransactionOffsets(transaction, { groupId: 'g', member, offsets }).catch((own) => own)
    expect(refused).toMatchObject({ code: 'VAL_KAFKA_GENERATION_OVER', cause: { type } })
    expect(kafkaErrors.classify(refused)).toMatchObject({ fault: 'rebalance', type })
    expect(kafkaErrors.toValenceError(refused, 'VAL_KAFKA_TRANSACTION_FAILED')).toBe(refused)
  })

  it('passes on what the group does not say of the member', async () => {
    const fenced = createErrorFromCode(47)
    sendOffsets.mockRejectedValueOnce(fenced)
    await expect(sendTransactionOffsets(transaction, { groupId: 'g', member, offsets })).rejects.toBe(fenced)
  })

  it('sends nothing in the name of a member without the overlay, which alone would say the name', async () => {
    isOverlayInstalled.mockReturnValueOnce(false)
    sendOffsets.mockClear()
    const sent = sendTransactionOffsets(transaction, { groupId: 'g', member, offsets })
    await expect(sent).rejects.toMatchObject({ code: 'VAL_CONFIG_INVALID' })
    expect(sendOffsets).not.toHaveBeenCalled()
  })
})
